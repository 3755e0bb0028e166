"""Every error that paasq raises on purpose.

PaasqError
├── QueryError          the text is wrong; carries diagnostics
├── ConflictError       an `expect` did not hold, or a key is taken; nothing was written
├── BudgetExceeded      time or memory ran out before an answer could be labelled partial
├── Cancelled           the client asked for it
├── ModelMismatch       the vectors were made by another model
├── CapabilityMissing   this backend cannot run that plan
├── ReadOnly            the text writes, and only reading was allowed
├── ProtocolError       a frame or a message that is none
│   ├── LimitExceeded   too large, too deep, too many at once
│   ├── PeerRefused     this user may not talk to that daemon
│   └── DaemonUnavailable  nobody answers at the socket, or nobody any more
├── SnapshotError       a snapshot that cannot be made, trusted or restored
└── StoreError          the data folder
    ├── FolderInUse     another process has it open
    ├── FormatTooNew    a newer paasq wrote it
    └── CorruptRecord   a checksum does not hold
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class ScriptProgress:
    """How far a text of several statements came: the one that `failed`, counted from 1, of how many. Those before it are
    done, and what they wrote stands, as of the sequence number `seq`, None where there are none; none behind it was run."""

    failed: int
    statements: int
    seq: int | None

    def __str__(self) -> str:
        words = [f"statement {self.failed} of {self.statements} failed"]
        if self.seq is not None:
            done = (
                "the one before it is done, and stands" if self.failed == 2 else "those before it are done, and stand"
            )
            words.append(f"{done}, as of sequence number {self.seq}")
        if self.failed < self.statements:
            words.append("none behind it was run")
        return "; ".join(words)


class PaasqError(Exception):
    """An error with words for people: what happened, and `hint`, what mends it. `code` is stable, for programs. `progress`
    says what was done before it, where the text has several statements."""

    code: ClassVar[str] = "PQ9000"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.progress: ScriptProgress | None = None

    def __str__(self) -> str:
        return "\n  ".join(str(part) for part in (self.message, self.hint, self.progress) if part)


class QueryError(PaasqError):
    """`diagnostics`, as the editor shows them: dicts with code, message, start, end, line, column, candidates, edit."""

    code = "PQ0001"

    def __init__(self, message: str, diagnostics: list[dict[str, Any]], hint: str = "") -> None:
        super().__init__(message, hint)
        self.diagnostics = diagnostics


class ConflictError(PaasqError):
    code = "PQ5001"


class BudgetExceeded(PaasqError):
    code = "PQ5002"


class Cancelled(PaasqError):
    code = "PQ5003"


class ModelMismatch(PaasqError):
    code = "PQ5004"


class CapabilityMissing(PaasqError):
    code = "PQ5005"


class InvalidValue(PaasqError):
    code = "PQ5006"


class ReadOnly(PaasqError):
    code = "PQ5007"


class ProtocolError(PaasqError):
    code = "PQ6001"


class LimitExceeded(ProtocolError):
    code = "PQ6002"


class PeerRefused(ProtocolError):
    code = "PQ6003"


class DaemonUnavailable(ProtocolError):
    code = "PQ6004"


class SnapshotError(PaasqError):
    code = "PQ7001"


class StoreError(PaasqError):
    code = "PQ8001"


class FolderInUse(StoreError):
    code = "PQ8002"


class FormatTooNew(StoreError):
    code = "PQ8003"


class CorruptRecord(StoreError):
    code = "PQ8004"


def _family(error: type[PaasqError]) -> Iterator[tuple[str, type[PaasqError]]]:
    yield error.code, error
    for child in error.__subclasses__():
        yield from _family(child)


BY_CODE: Mapping[str, type[PaasqError]] = dict(_family(PaasqError))
