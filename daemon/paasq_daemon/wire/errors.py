"""Every error that paasq raises on purpose.

PaasqError
├── QueryError          the text is wrong; carries diagnostics
├── ConflictError       an `expect` did not hold, or a key is taken; nothing was written
├── BudgetExceeded      time or memory ran out before an answer could be labelled partial
├── Cancelled           the client asked for it
├── ModelMismatch       the vectors were made by another model
├── CapabilityMissing   this backend cannot run that plan
├── ReadOnly            the text or the method writes, and only reading was allowed
├── WorkerEnded         the process that ran the request ended before it answered
├── ProtocolError       a malformed frame or message
│   ├── LimitExceeded   too large, too deep, too many at once
│   ├── PeerRefused     this user may not talk to that daemon
│   └── DaemonUnavailable  no daemon answers at the socket, or it stopped answering
├── SnapshotError       a snapshot that cannot be made, trusted or restored
└── StoreError          the data folder
    ├── FolderInUse     another process has it open
    ├── FormatTooNew    a newer paasq wrote it
    ├── CorruptRecord   a checksum does not hold
    └── DiskFull        a write has no room; it is taken when there is
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class ScriptProgress:
    """How far a text of several statements came: the one that `failed`, counted from 1, of how many. Those before it
    are committed, as of the sequence number `seq`, None where there are none; those after it were not run."""

    failed: int
    statements: int
    seq: int | None

    def __str__(self) -> str:
        words = [f"statement {self.failed} of {self.statements} failed"]
        if self.seq is not None:
            done = (
                "the one before it was done, and is kept"
                if self.failed == 2
                else "those before it were done, and are kept"
            )
            words.append(f"{done}, as of sequence number {self.seq}")
        if self.failed < self.statements:
            words.append("none after it was run")
        return "; ".join(words)


class PaasqError(Exception):
    """What happened, in `message`, and how to fix it, in `hint`. `code` is stable, for programs. `progress` says which
    statements were committed before it, where the text has several."""

    code: ClassVar[str] = "PQ9000"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.progress: ScriptProgress | None = None

    def __str__(self) -> str:
        return "\n  ".join(str(part) for part in (self.message, self.hint, self.progress) if part)


class QueryError(PaasqError):
    """The text is wrong; `diagnostics`, as the editor shows them, are dicts with code, message, start, end, line, column,
    candidates, edit."""

    code = "PQ0001"

    def __init__(self, message: str, diagnostics: list[dict[str, Any]], hint: str = "") -> None:
        super().__init__(message, hint)
        self.diagnostics = diagnostics


class ConflictError(PaasqError):
    """An `expect` did not hold, a unique value or key is taken, or a record was changed meanwhile; nothing was written."""

    code = "PQ5001"


class BudgetExceeded(PaasqError):
    """Time or memory ran out before there was even a partial answer."""

    code = "PQ5002"


class Cancelled(PaasqError):
    """The client cancelled the request, or closed the watch that it belonged to."""

    code = "PQ5003"


class ModelMismatch(PaasqError):
    """Stored vectors were made by another embedding model, or the model's own files are damaged or missing."""

    code = "PQ5004"


class CapabilityMissing(PaasqError):
    """The backend lacks something that the plan needs."""

    code = "PQ5005"


class InvalidValue(PaasqError):
    """A value that a field, a parameter or a budget cannot hold."""

    code = "PQ5006"


class ReadOnly(PaasqError):
    """The text or the method writes, and only reading is allowed; nothing of it was run."""

    code = "PQ5007"


class WorkerEnded(PaasqError):
    """The process that ran the request ended before it answered, as where memory ran out. Other requests are not affected."""

    code = "PQ5008"

    def __init__(self, message: str, hint: str = "", *, may_have_written: bool = True) -> None:
        super().__init__(message, hint)
        self.may_have_written = may_have_written


class ProtocolError(PaasqError):
    """A frame or message that is not one of the protocol."""

    code = "PQ6001"


class LimitExceeded(ProtocolError):
    """A message that is too large or nested too deep, or too many requests or connections at a time."""

    code = "PQ6002"


class PeerRefused(ProtocolError):
    """The process at the other end of the socket runs as a user that may not use this daemon."""

    code = "PQ6003"


class DaemonUnavailable(ProtocolError):
    """No daemon answers at the socket, or the connection to it ended. Whether a write under way was done is not known."""

    code = "PQ6004"

    def __init__(self, message: str, hint: str = "", *, sent: bool = True, silent: bool = False) -> None:
        """Without `sent` the request certainly did not reach the daemon; a `silent` one is there and does not answer."""
        super().__init__(message, hint)
        self.sent = sent
        self.silent = silent


class SnapshotError(PaasqError):
    """A snapshot that cannot be made, found, trusted or restored."""

    code = "PQ7001"


class StoreError(PaasqError):
    """The data folder or its data file cannot be used, or was closed."""

    code = "PQ8001"


class FolderInUse(StoreError):
    """Another process holds the lock of the data folder."""

    code = "PQ8002"


class FormatTooNew(StoreError):
    """A newer paasq wrote the data folder or the snapshot; nothing in it was changed."""

    code = "PQ8003"


class CorruptRecord(StoreError):
    """A stored entry is lost, fails its checksum, or is in no form that this format has. `place` is the id of the
    collection and the ordinal, where that is known: the entry is of that record alone."""

    code = "PQ8004"

    def __init__(self, message: str, hint: str = "", place: tuple[int, int] | None = None) -> None:
        super().__init__(message, hint)
        self.place = place


class DiskFull(StoreError):
    """The disk has no room for a write, of which nothing is kept. Reads go on, and so do writes when there is room again.
    `missing_bytes` is about how much is missing."""

    code = "PQ8005"

    def __init__(self, message: str, hint: str = "", missing_bytes: int = 0) -> None:
        super().__init__(message, hint)
        self.missing_bytes = missing_bytes


def _family(error: type[PaasqError]) -> Iterator[tuple[str, type[PaasqError]]]:
    yield error.code, error
    for child in error.__subclasses__():
        yield from _family(child)


BY_CODE: Mapping[str, type[PaasqError]] = dict(_family(PaasqError))
