"""Rights: what a method may change, and what a daemon lets its clients change."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """What a method may change; as what is granted, a later one includes those before it."""

    READ = "read"  # nothing that lasts
    STATEMENT = "statement"  # what the statements of its text change: none of them, or as WRITE. Only methods have it
    WRITE = "write"  # records and all else that a text can change
    ADMIN = "admin"  # what no text can: snapshots that are deleted or copied out

    def includes(self, needed: Right) -> bool:
        """Whether this right, granted, is enough to call a method that needs the other. A text is looked at later."""
        order = list(Right)
        return needed is Right.STATEMENT or order.index(self) >= order.index(needed)
