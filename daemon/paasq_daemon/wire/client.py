"""The client of a store that a daemon serves on a socket."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from paasq_daemon.wire import method_calls
from paasq_daemon.wire.answer import Answer, PutResult
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.client_connection import Connection
from paasq_daemon.wire.connection_pool import POOL_SIZE, least_busy
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import DaemonUnavailable
from paasq_daemon.wire.method_calls import MethodCall, call_of
from paasq_daemon.wire.paths import StrPath
from paasq_daemon.wire.remote_watch import RemoteWatch
from paasq_daemon.wire.request import Request
from paasq_daemon.wire.retry import Retry
from paasq_dsl.catalog import Catalog
from paasq_dsl.time_zones import DEFAULT_ZONE

CONNECT_TIMEOUT_S = 5.0
T = TypeVar("T")


class Client(Database):
    """Thread-safe; requests of several threads run concurrently, over a few connections. What only reads, or was certainly
    not sent, is sent again where the daemon closed a connection or is started anew (`Retry`)."""

    def __init__(self, socket: StrPath, connect_timeout_s: float = CONNECT_TIMEOUT_S, retry: Retry = Retry()) -> None:  # noqa: B008  # frozen
        self.socket = Path(socket)
        self._connect_timeout_s = connect_timeout_s
        self._retry = retry
        self._lock = threading.Lock()
        self._closed = False
        self._connections = [Connection(self.socket, connect_timeout_s)]

    @classmethod
    def connect(cls, socket: StrPath, *, answers_within_s: float | None = None) -> Self:
        """Connect to the daemon at `socket`. Raises DaemonUnavailable where none listens, or where it does not answer a ping in
        that time, which it does at once however busy it is."""
        client = cls(socket)
        if answers_within_s is not None:
            try:
                client._connection().require_answer(answers_within_s)
            except BaseException:
                client.close()
                raise
        return client

    def call(self, method: str, params: Mapping[str, Any], cancel: CancellationToken | None = None) -> Any:
        """Call a method of the daemon by its name on the wire; parameters and result are JSON. Raises what the daemon raises."""
        return self._run(call_of(method, params, _as_it_is), cancel)

    def request(self, request: Request, cancel: CancellationToken | None = None) -> Answer:
        return self._run(method_calls.query(request), cancel)

    def open_watch(self, request: Request) -> RemoteWatch:
        return RemoteWatch(self.socket, self._connect_timeout_s, method_calls.watch_params(request))

    def explain(self, text: str, /, **params: Any) -> Answer:
        return self._run(method_calls.explain(text, params, self.zone))

    def get(self, collection: str, key: str) -> dict[str, Any] | None:
        return self._run(method_calls.get(collection, key))

    def put(self, collection: str, records: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> PutResult:
        return self._run(method_calls.put(collection, records))

    def catalog(self) -> Catalog:
        return self._run(method_calls.catalog())

    def status(self) -> dict[str, Any]:
        return self._run(method_calls.json_call("status"))

    def health(self) -> dict[str, Any]:
        return self._run(method_calls.json_call("health"))

    def values(self, collection: str, field: str, prefix: str = "", limit: int = 20) -> list[tuple[str, int]]:
        return self._run(method_calls.values(collection, field, prefix, limit))

    def check(self, text: str, modules: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        return self._run(method_calls.check(text, modules))

    def embed(
        self, *, seconds_max: float | None = None, collection: str | None = None, replace: bool = False
    ) -> dict[str, Any]:
        params = {"seconds_max": seconds_max, "collection": collection, "replace": replace}
        return self._run(method_calls.json_call("embed", params))

    def compact(self) -> dict[str, Any]:
        return self._run(method_calls.json_call("compact"))

    def expire(self, *, dry_run: bool = False, trust_clock: bool = False) -> dict[str, Any]:
        return self._run(method_calls.json_call("expire", {"dry_run": dry_run, "trust_clock": trust_clock}))

    def schema_apply(
        self, text: str, *, renames: Mapping[str, str] | None = None, whole: bool = False, drop: bool = False,
        dry_run: bool = True, source_name: str = "<schema>",
    ) -> dict[str, Any]:  # fmt: skip
        options = {"whole": whole, "drop": drop, "dry_run": dry_run, "source_name": source_name}
        return self._run(method_calls.schema_apply(text, renames, options))

    def snapshot_create(
        self,
        name: str,
        *,
        to: StrPath | None = None,
        labels: Iterable[str] = (),
        damaged: bool = False,
        verify: bool = True,
        key_file: StrPath | None = None,
        passphrase_file: StrPath | None = None,
        sign: StrPath | None = None,
    ) -> dict[str, Any]:
        options = {"damaged": damaged, "verify": verify}
        files = {"key_file": key_file, "passphrase_file": passphrase_file, "sign": sign}
        return self._run(method_calls.snapshot_create(name, to, labels, options, files))

    def snapshot_list(self) -> list[dict[str, Any]]:
        return self._run(method_calls.snapshot_list())

    def snapshot_verify(self, name: str, depth: int = 2) -> dict[str, Any]:
        return self._run(method_calls.json_call("snapshot.verify", {"name": name, "depth": depth}))

    def snapshot_delete(self, name: str) -> dict[str, Any]:
        return self._run(method_calls.json_call("snapshot.delete", {"name": name}))

    def snapshot_restore(
        self, name: str | None, into: StrPath, *, at: int | str | None = None, zone: str = DEFAULT_ZONE
    ) -> dict[str, Any]:
        return self._run(method_calls.snapshot_restore(name, into, at, zone))

    def snapshot_archive(
        self, *, to: StrPath | None = None, key_file: StrPath | None = None, passphrase_file: StrPath | None = None
    ) -> dict[str, Any]:
        files = {"key_file": key_file, "passphrase_file": passphrase_file}
        return self._run(method_calls.snapshot_archive(to, files))

    def dump(self, into: StrPath, *, vectors: bool = True, history: bool = False) -> dict[str, Any]:
        return self._run(method_calls.dump(into, {"vectors": vectors, "history": history}))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for connection in self._connections:
                connection.close()

    def _run(self, call: MethodCall[T], cancel: CancellationToken | None = None) -> T:
        for attempt in itertools.count(1):
            try:
                return call.read(self._connection().call(call.method, call.params, cancel))
            except DaemonUnavailable as error:
                delay_s = self._retry.delay_s(error, attempt, reads=call.reads)
                if delay_s is None or self._closed:
                    raise
            if cancel is not None:
                cancel.raise_if_cancelled()
            time.sleep(delay_s)
        raise AssertionError("attempts end")

    def _connection(self) -> Connection:
        """The daemon closes idle connections, and all at a restart: others are opened in their place."""
        with self._lock:
            found = least_busy(self._connections, POOL_SIZE)
            if self._closed:
                raise DaemonUnavailable("this client was closed", "connect again", sent=False)
            if found is None:
                found = Connection(self.socket, self._connect_timeout_s)
                self._connections = [found, *(each for each in self._connections if not each.ended)]
            return found


def _as_it_is(result: Any) -> Any:
    return result
