"""Mistreatment, again and again."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias

# One item a trial: None where everything held, else what went wrong, in words. May be endless; closing it cleans up.
Trials: TypeAlias = Generator[str | None, None, None]


class Unpromised(str):
    """What went wrong where nothing else is promised; the documents say so."""

    __slots__ = ()
