"""The requests of one connection that have no answer yet."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

from paasq_daemon.wire.errors import DaemonUnavailable, PaasqError
from paasq_daemon.wire.json_rpc import error_from_json

_PING_AFTER_S = 10.0  # of silence while an answer is awaited
_SILENCE_S_MAX = 60.0  # the daemon answers a ping at once, however busy: one that does not is dead
STUCK = "look at its log, or stop it and start it again"


class Settable(Protocol):
    """A future, of threads or of asyncio."""

    def set_result(self, result: Any, /) -> None:
        """End it well."""
        ...

    def set_exception(self, error: BaseException, /) -> None:
        """End it with an error."""
        ...


FutureT = TypeVar("FutureT", bound=Settable)


class PendingAnswers(Generic[FutureT]):
    """Futures by the id of their request. Thread-safe. Once ended, nothing is taken any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards both of these
        self._futures: dict[Any, FutureT] = {}
        self._ended: PaasqError | None = None

    def __len__(self) -> int:
        return len(self._futures)

    @property
    def ended(self) -> bool:
        """Whether nothing can be asked any more."""
        return self._ended is not None

    def add(self, id_: int, future: FutureT) -> None:
        """Before the request is sent. Raises why the connection ended, where it has: then it is not sent."""
        with self._lock:
            why = self._ended
            if why is None:
                self._futures[id_] = future
        if isinstance(why, DaemonUnavailable):
            raise DaemonUnavailable(why.message, why.hint, sent=False)
        if why is not None:
            raise why

    def take(self, message: Mapping[str, Any]) -> None:
        """End the future that a message answers. Raises the error of a message that answers none: why the daemon closes."""
        error = error_from_json(message["error"]) if "error" in message else None
        with self._lock:
            future = self._futures.pop(message.get("id"), None)
        if future is None:
            if error is not None:
                raise error
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(message.get("result"))

    def end(self, why: PaasqError) -> bool:
        """End them all with an error; False where that was done before."""
        with self._lock:
            first = self._ended is None
            self._ended = self._ended or why
            futures, self._futures = self._futures, {}
        for future in futures.values():
            future.set_exception(why)
        return first


class Silence:
    """How long nothing was heard of a daemon that owes an answer."""

    def __init__(self) -> None:
        self._heard_s = time.monotonic()
        self._pinged = False  # since it was last heard

    @property
    def looked_at_s(self) -> float:
        """Seconds after which to look again."""
        return _PING_AFTER_S

    def heard(self) -> None:
        """Something came."""
        self._heard_s, self._pinged = time.monotonic(), False

    def must_ping(self, asked_s: float, place: object) -> bool:
        """Whether to ping now, for a request that was sent at `asked_s`, of the monotonic clock. Raises DaemonUnavailable where
        the daemon is to be given up."""
        silent_s = time.monotonic() - max(asked_s, self._heard_s)
        if silent_s > _SILENCE_S_MAX:
            raise DaemonUnavailable(f"the daemon at {place} has said nothing for {silent_s:.0f} s", STUCK, silent=True)
        due = silent_s > _PING_AFTER_S and not self._pinged
        self._pinged = self._pinged or due
        return due
