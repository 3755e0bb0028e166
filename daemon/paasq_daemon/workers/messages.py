"""The messages between the daemon and a worker, and their bytes.

A worker does one task at a time. While it does, it may call the daemon, and waits for the reply; at last it says that it is
done, or what failed. Both ends are this program: what is sent is pickled, and a client's bytes never are.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from types import MappingProxyType
from typing import Any, TypeAlias

from paasq_daemon.backends.backend import Backend
from paasq_daemon.compiler import PreparedQuery
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import PaasqError
from paasq_daemon.workers.tasks import TextTask
from paasq_dsl.diagnostics import CodedError

LENGTH = Struct("<I")  # of the message that follows


@dataclass(frozen=True, slots=True)
class Run:
    """To a worker: do this, within `time_ms` where that is not None, of which `passed_ms` have passed. `lost` are collections, by
    id, that are known to have lost records."""

    task: TextTask
    time_ms: float | None
    passed_ms: float
    lost: frozenset[int]


@dataclass(frozen=True, slots=True)
class Reply:
    """To a worker: what its call returned, or the error that it raised."""

    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """To the daemon: the worker can be given a task."""


@dataclass(frozen=True, slots=True)
class Call:
    """To the daemon: do this for the task under way."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """To the daemon: the JSON of the task's result, and whether the worker is to do no more, since it holds much memory."""

    result: bytes
    is_last: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """To the daemon: the task's error, and whether the worker is to do no more, since it holds much memory."""

    error: Exception
    is_last: bool


Message: TypeAlias = Run | Reply | Ready | Call | Done | Failed


def encode(message: Message, backend: Backend) -> bytes:
    """With its length before it. The backend itself is not sent: each end has its own."""
    buffer = io.BytesIO()
    buffer.write(LENGTH.pack(0))
    _Pickler(buffer, backend).dump(message)
    raw = buffer.getbuffer()
    LENGTH.pack_into(raw, 0, len(raw) - LENGTH.size)
    return bytes(raw)


def decode(body: bytes, backend: Backend) -> Message:
    """The inverse of `encode`, without the length."""
    message: Message = _Unpickler(io.BytesIO(body), backend).load()
    return message


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, backend: Backend) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._backend = backend

    def persistent_id(self, value: Any) -> str | None:
        return "backend" if value is self._backend else None

    def reducer_override(self, value: Any) -> Any:
        if type(value) is PreparedQuery:  # without its plan
            return PreparedQuery, (value.query, value.backend)
        if type(value) is CancellationToken:  # that of the request is in the daemon
            return CancellationToken, ()
        if isinstance(value, PaasqError | CodedError):  # whatever its constructor takes
            return _error, (type(value), value.args, value.__dict__)
        if type(value) is MappingProxyType:
            return _read_only, (dict(value),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, backend: Backend) -> None:
        super().__init__(file)
        self._backend = backend

    def persistent_load(self, name: Any) -> Any:
        assert name == "backend"
        return self._backend


def _error(kind: type[Exception], arguments: tuple[Any, ...], state: Mapping[str, Any]) -> Exception:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error


def _read_only(values: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(values)
