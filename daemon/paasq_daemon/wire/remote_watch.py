"""A watch that a daemon serves on a socket."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from threading import Condition
from typing import Any

from paasq_daemon.wire.client_connection import Connection
from paasq_daemon.wire.errors import PaasqError
from paasq_daemon.wire.events import (
    BATCHES_WAITING_MAX,
    WATCH_ENDED,
    WATCH_EVENTS,
    EventBatch,
    Watch,
    connection_ended,
)
from paasq_daemon.wire.json_rpc import error_from_json


class RemoteWatch(Watch):
    """Has a connection of its own, so that a slow consumer delays no other answers."""

    def __init__(self, socket: Path, connect_timeout_s: float, params: Mapping[str, Any]) -> None:
        """`params` are those of the method `watch`. Raises what the daemon raises, and DaemonUnavailable."""
        self._waiting: deque[EventBatch] = deque()
        self._changed = Condition()
        self._closed = False
        self._ended: PaasqError | None = None
        self._connection = Connection(socket, connect_timeout_s, self._receive, self._connection_ended)
        try:
            self._connection.call("watch", params)
        except BaseException:
            self._connection.close()
            raise

    def __next__(self) -> EventBatch:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended or self._closed)
            if self._closed:
                raise StopIteration
            if not self._waiting:
                assert self._ended is not None
                raise self._ended
            batch = self._waiting.popleft()
            self._changed.notify_all()
            return batch

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._connection.close()

    def _receive(self, method: str, params: Mapping[str, Any]) -> None:
        """In the connection's thread, which blocks here while the consumer is behind."""
        if method == WATCH_ENDED:
            self._connection_ended(error_from_json(params["error"]))
        elif method == WATCH_EVENTS:
            batch = EventBatch.from_json(params)
            with self._changed:
                self._changed.wait_for(lambda: len(self._waiting) < BATCHES_WAITING_MAX or self._closed)
                self._waiting.append(batch)
                self._changed.notify_all()

    def _connection_ended(self, why: PaasqError) -> None:
        with self._changed:
            self._ended = self._ended or connection_ended(why)
            self._changed.notify_all()
