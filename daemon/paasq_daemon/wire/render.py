"""An answer as people read it in a terminal. The only module of `wire` that needs rich."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, tzinfo
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from paasq_daemon.wire.values import digest, member_types
from paasq_dsl.zones import zone_of

if TYPE_CHECKING:
    from paasq_daemon.wire.messages import Answer

_SQUEEZED_CELLS = 8  # a column narrower than this breaks words that are no longer
_BETWEEN_CELLS = 3  # of two columns
_RIGHT = ("int", "float", "duration")
_VECTOR_SHOWN = 3


def table(answer: Answer) -> RenderableType:
    """Rows (a plan instead, where the answer is one), then facets, then one line of labels, and the cursor on its own."""
    parts: list[RenderableType] = []
    if answer.columns and answer.plan is None:
        parts.append(_Rows(answer))
    parts += [_facet(name, [(count.value, count.count) for count in counts]) for name, counts in answer.facets.items()]
    if answer.plan is not None:
        parts.append(Text(printable(answer.plan)))
    parts.append(Text(labels(answer), style="dim"))
    if answer.cursor is not None:
        parts.append(Text(f'next page: after "{answer.cursor}"', style="dim", no_wrap=True, overflow="ignore"))
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
    return ", ".join(parts)


def cell(value: Any, type_name: str, zone: tzinfo = UTC, *, dates: bool = False) -> str:
    """One value as text for people, times by the clocks of `zone`; null is empty. `dates`: times without the time of day."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        local = _local(value, zone)
        if dates:
            return local.date().isoformat()
        return local.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return f"{value:.6g}"
    if type_name.startswith("vector"):
        shown = ", ".join(f"{number:.3g}" for number in value[:_VECTOR_SHOWN])
        return f"[{shown}{', …' if len(value) > _VECTOR_SHOWN else ''}] ({len(value)})"
    if isinstance(value, bytes):
        return digest(value)
    if isinstance(value, dict):
        types = member_types(type_name)
        there = ((name, inner) for name, inner in value.items() if inner is not None)
        members = ((name, cell(inner, types[name], zone, dates=dates)) for name, inner in there)
        return f"{{{', '.join(f'{printable(name)}: {text}' for name, text in members)}}}"
    if isinstance(value, list):
        return ", ".join(cell(item, type_name[1:-1], zone) for item in value)
    return printable(str(value))


def printable(text: str) -> str:
    """Control characters escaped, so that stored text cannot drive a terminal. Newlines and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


class _Rows:
    """A row a line; where so many columns would be squeezed into the width that there is, a column a line."""

    def __init__(self, answer: Answer) -> None:
        self._columns = answer.columns
        self._names = [printable(column.name) for column in answer.columns]
        rows, zone = list(answer), zone_of(answer.zone) or UTC
        kinds = [
            (column.type, _only_dates((row[at] for row in rows), zone)) for at, column in enumerate(answer.columns)
        ]
        self._cells = [
            [cell(value, kind, zone, dates=dates) for value, (kind, dates) in zip(row, kinds, strict=True)]
            for row in rows
        ]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:  # as rich calls it
        columns = zip(self._names, *self._cells, strict=True)
        needed = sum(min(_longest_word(column), _SQUEEZED_CELLS) + _BETWEEN_CELLS for column in columns)
        if self._cells and needed - _BETWEEN_CELLS > options.max_width:
            yield from self._blocks()
        else:
            yield self._table()

    def _table(self) -> Table:
        grid = Table(show_edge=False, pad_edge=False, header_style="bold")
        for name, column in zip(self._names, self._columns, strict=True):
            grid.add_column(Text(name), justify="right" if column.type in _RIGHT else "left", overflow="fold")
        for cells in self._cells:
            grid.add_row(*(Text(text) for text in cells))
        return grid

    def _blocks(self) -> Iterator[RenderableType]:
        """Each is followed by an empty line."""
        for cells in self._cells:
            block = Table.grid(padding=(0, 2))
            for name, text in zip(self._names, cells, strict=True):
                block.add_row(Text(name, style="bold"), Text(text))
            yield block
            yield Text()


def _longest_word(texts: Iterable[str]) -> int:
    """In cells of a terminal."""
    return max(cell_len(word) for text in texts for word in text.split() or [""])


def _only_dates(values: Iterable[Any], zone: tzinfo) -> bool:
    """Are all that are times the beginnings of days? Then the time of day says nothing."""
    return all(_local(v, zone).time() == time.min for v in values if isinstance(v, datetime))


def _local(moment: datetime, zone: tzinfo) -> datetime:
    """By the clocks of the zone; where years end, as it is."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def _facet(name: str, counts: list[tuple[Any, int]]) -> Table:
    grid = Table(show_edge=False, pad_edge=False, header_style="bold")
    grid.add_column(Text(printable(name)))
    grid.add_column("count", justify="right")
    for value, count in counts:
        grid.add_row(Text(cell(value, "any")), str(count))
    return grid
