"""An answer as people read it in a terminal. The only module of `wire` that needs rich."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.cell_text import cell_text, escape_control, local_time
from paasq_daemon.wire.value_codecs import codec
from paasq_dsl.time_zones import find_zone

_RIGHT = ("int", "float", "duration")
_READABLE = 12  # characters of a column that is cut into lines, and can still be read
_BETWEEN = " │ "


def answer_table(answer: Answer) -> RenderableType:
    """Rows (or the plan, where there is one), then facets, then one line of labels, then a line with the cursor."""
    parts: list[RenderableType] = []
    if answer.columns and answer.plan is None:
        parts.append(_rows(answer))
    parts += [part for name in answer.facets for part in (Text(), _facet(answer, name))]
    parts += [Text()] if answer.facets else []
    if answer.plan is not None:
        parts.append(Text(escape_control(answer.plan)))
    parts.append(Text(answer_labels(answer), style="dim"))
    if answer.cursor is not None:
        parts.append(Text(f'next page: after "{answer.cursor}"', style="dim", no_wrap=True, overflow="ignore"))
    return Group(*parts)


def answer_labels(answer: Answer) -> str:
    """`20 rows, not complete (limit), 3.2 ms, seq 481`."""
    count = len(answer)
    parts = [f"{count} row{'' if count == 1 else 's'}"]
    if not answer.complete:
        parts.append(f"not complete ({answer.reason})")
    elif answer.reason:
        parts.append(answer.reason)
    if answer.cut:
        parts.append(f"{', '.join(escape_control(name) for name in answer.cut)} cut")
    parts += [f"{answer.elapsed_ms:.1f} ms", f"seq {answer.seq}"]
    if answer.tokens is not None:
        parts.append(f"about {answer.tokens} tokens")
    return ", ".join(parts)


def _rows(answer: Answer) -> _Rows:
    rows, zone = list(answer), find_zone(answer.zone) or UTC
    shown = [(column.type, _only_dates((row[at] for row in rows), zone)) for at, column in enumerate(answer.columns)]
    return _Rows(
        names=[escape_control(column.name) for column in answer.columns],
        right=[column.type in _RIGHT for column in answer.columns],
        cells=[
            [cell_text(value, kind, zone, dates=dates) for value, (kind, dates) in zip(row, shown, strict=True)]
            for row in rows
        ],
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows as a grid; where a column would be too narrow to read, one record after the other, nulls left out."""

    names: list[str]
    right: list[bool]
    cells: list[list[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        if self._least_width() <= options.max_width:
            yield self._grid()
        elif not self.cells:
            yield Text(", ".join(self.names), style="bold")
        else:
            for number, row in enumerate(self.cells, 1):
                yield Text(f"━━ {number}")
                yield self._record(row)

    def _least_width(self) -> int:
        """Of a readable grid: each column as wide as its content, but `_READABLE` at most."""
        columns = ([name, *(row[at] for row in self.cells)] for at, name in enumerate(self.names))
        wanted = (max(cell_len(line) for text in column for line in text.split("\n")) for column in columns)
        return sum(min(width, _READABLE) for width in wanted) + len(_BETWEEN) * (len(self.names) - 1)

    def _grid(self) -> Table:
        grid = Table(show_edge=False, pad_edge=False, header_style="bold")
        for name, right in zip(self.names, self.right, strict=True):
            grid.add_column(Text(name), justify="right" if right else "left")
        for row in self.cells:
            grid.add_row(*(Text(text) for text in row))
        return grid

    def _record(self, row: list[str]) -> Table:
        grid = Table.grid(padding=(0, 2, 0, 0))
        for name, text in zip(self.names, row, strict=True):
            if text:
                grid.add_row(Text(name, style="bold"), Text(text))
        return grid


def _only_dates(values: Iterable[Any], zone: tzinfo) -> bool:
    """Are all times midnight in the zone? Then the time of day is left out."""
    return all(local_time(v, zone).time() == time.min for v in values if isinstance(v, datetime))


def _facet(answer: Answer, name: str) -> Table:
    """Values and how many rows have each; a time as the columns show it."""
    zone, type_ = find_zone(answer.zone) or UTC, answer.facet_types.get(name, "any")
    kind = codec(type_)
    values = [kind.to_python(kind.decode(count.value)) for count in answer.facets[name]]
    dates = _only_dates(values, zone)
    grid = Table(show_edge=False, pad_edge=False, header_style="bold")
    grid.add_column(Text(escape_control(name)))
    grid.add_column("count", justify="right")
    for value, count in zip(values, answer.facets[name], strict=True):
        grid.add_row(Text(cell_text(value, type_, zone, dates=dates)), str(count.count))
    return grid
