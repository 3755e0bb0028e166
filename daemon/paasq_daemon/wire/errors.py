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
from typing import Any, ClassVar


class PaasqError(Exception):
    """An error with words for people: what happened, and `hint`, what mends it. `code` is stable, for programs."""

    code: ClassVar[str] = "PQ9000"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


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
