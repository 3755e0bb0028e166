"""A connection that sends what it is told to, good or bad."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any, Self

from paasq_daemon.wire.framing import Framing, frame


class Raw:
    def __init__(self, path: Path, timeout_s: float = 5.0) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s)
        self.socket.connect(str(path))
        self._stream = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, message: Any, framing: Framing = Framing.LINES) -> Any:
        self.send(frame(json.dumps(message).encode(), framing))
        return self.receive(framing)

    def receive(self, framing: Framing = Framing.LINES) -> Any:
        """The next message; None at the end of the stream."""
        line = self._stream.readline()
        if not line:
            return None
        if framing is Framing.LINES:
            return json.loads(line)
        size = int(line.partition(b":")[2])
        self._stream.readline()
        return json.loads(self._stream.read(size))


def request(method: str, id_: Any = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}
