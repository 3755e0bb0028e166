"""An answer as people read it in a terminal. The only module of `wire` that needs rich."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from paasq_daemon.wire.messages import Answer

_RIGHT = ("int", "float", "duration")
_VECTOR_SHOWN = 3


def table(answer: Answer) -> RenderableType:
    """Rows, then facets, then one line of labels."""
    parts: list[RenderableType] = []
    if answer.columns:
        parts.append(_rows(answer))
    parts += [_facet(name, [(count.value, count.count) for count in counts]) for name, counts in answer.facets.items()]
    if answer.plan is not None:
        parts.append(Text(printable(answer.plan)))
    parts.append(Text(labels(answer), style="dim"))
    return Group(*parts)


def labels(answer: Answer) -> str:
    """`20 rows, not complete (limit), 3.2 ms, seq 481`."""
    count = len(answer)
    parts = [f"{count} row{'' if count == 1 else 's'}"]
    if not answer.complete:
        parts.append(f"not complete ({answer.reason})")
    elif answer.reason:
        parts.append(answer.reason)
    parts += [f"{answer.elapsed_ms:.1f} ms", f"seq {answer.seq}"]
    if answer.tokens is not None:
        parts.append(f"about {answer.tokens} tokens")
    if answer.cursor is not None:
        parts.append(f"next page after {answer.cursor}")
    return ", ".join(parts)


def cell(value: Any, type_name: str) -> str:
    """One value as text for people; null is empty."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return f"{value:.6g}"
    if type_name.startswith("vector"):
        shown = ", ".join(f"{number:.3g}" for number in value[:_VECTOR_SHOWN])
        return f"[{shown}{', …' if len(value) > _VECTOR_SHOWN else ''}] ({len(value)})"
    if isinstance(value, list):
        return ", ".join(cell(item, type_name[1:-1]) for item in value)
    return printable(str(value))


def printable(text: str) -> str:
    """Control characters escaped, so that stored text cannot drive a terminal. Newlines and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def _rows(answer: Answer) -> Table:
    grid = Table(show_edge=False, pad_edge=False, header_style="bold")
    for column in answer.columns:
        grid.add_column(Text(printable(column.name)), justify="right" if column.type in _RIGHT else "left")
    types = [column.type for column in answer.columns]
    for row in answer:
        grid.add_row(*(Text(cell(value, type_name)) for value, type_name in zip(row, types, strict=True)))
    return grid


def _facet(name: str, counts: list[tuple[Any, int]]) -> Table:
    grid = Table(show_edge=False, pad_edge=False, header_style="bold")
    grid.add_column(Text(printable(name)))
    grid.add_column("count", justify="right")
    for value, count in counts:
        grid.add_row(Text(cell(value, "any")), str(count))
    return grid
