"""The type that readers yield."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from paasq_daemon.sources.line_reader import Line
from paasq_dsl.catalog import Collection


@dataclass(frozen=True, slots=True)
class InputRecord:
    """One record, its values as JSON has them, by field name; or `error`, why these lines are none.

    `line` is the number of its first line, from 1; `raw` its bytes as they are in the file.
    """

    line: int
    raw: bytes
    record: dict[str, Any] | None = None
    error: str = ""


Reader: TypeAlias = Callable[[Iterable[Line], Collection], Iterator[InputRecord]]
