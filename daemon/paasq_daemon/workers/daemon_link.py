"""A worker's end of its connection to the daemon, and what it has the daemon do."""

from __future__ import annotations

import os
import select
import socket
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.backends.backend import Backend, ExecutionInputs
from paasq_daemon.statement_runner import Runnable
from paasq_daemon.wire.answer import Answer
from paasq_daemon.workers.messages import LENGTH, Call, Message, Reply, Run, decode, encode
from paasq_daemon.writes.decided_writes import DecidedWrites
from paasq_daemon.writes.serializable_write import Decision
from paasq_dsl.catalog import Collection, Field


class DaemonLink:
    """Sends and receives in the one thread of the worker. Where the daemon has gone, the process ends.

    `backend` is to be set before anything is sent.
    """

    backend: Backend

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    def next_run(self, wait_s: float) -> Run | None:
        """The next task; None where none came in that time."""
        if not self._poll.poll(wait_s * 1000):
            return None
        message = self._receive()
        assert isinstance(message, Run)
        return message

    def send(self, message: Message) -> None:
        """Returns when the system has taken it."""
        try:
            self._connection.sendall(encode(message, self.backend))
        except OSError:
            os._exit(0)

    def embed_query(self, collection: Collection, field: Field, text: str) -> NDArray[np.float32]:
        """As the Vectorizer's. Raises what that raises."""
        vector: NDArray[np.float32] = self._call("embed_query", collection, field, text)
        return vector

    def publish_columns(self) -> None:
        """As IndexBuilder has it."""
        self._call("publish_columns")

    def publish_text(self, collection_id: int) -> None:
        """As IndexBuilder has it."""
        self._call("publish_text", collection_id)

    def run_statement(self, step: Runnable, inputs: ExecutionInputs, catalog_version: int) -> Answer:
        """As StatementRunner has it: the statement runs in the daemon, on a view that it opens."""
        answer: Answer = self._call("run_statement", step, replace(inputs, view=None), catalog_version)
        return answer

    def write_decided(self, decision: Decision[DecidedWrites], *, dryrun: bool) -> Answer:
        """As `execute_decided` and `dryrun_decided` of the Transactor."""
        answer: Answer = self._call("write_decided", decision, dryrun)
        return answer

    def _call(self, name: str, *arguments: Any) -> Any:
        """What the daemon returns. Raises what it raised."""
        self.send(Call(name, arguments))
        reply = self._receive()
        assert isinstance(reply, Reply)
        if reply.error is not None:
            raise reply.error
        return reply.value

    def _receive(self) -> Message:
        (size,) = LENGTH.unpack(self._exactly(LENGTH.size))
        return decode(self._exactly(size), self.backend)

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self._connection.recv(size - len(parts))
            except OSError:
                part = b""
            if not part:
                os._exit(0)
            parts += part
        return bytes(parts)
