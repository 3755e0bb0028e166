"""Writing JSON about the store itself, as text for people or as JSON."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType


def write_object(value: Any, *, as_json: bool) -> None:
    """Write to standard output: an object as a name a line; objects in a list, or by name, as a table."""
    if as_json:
        import orjson

        sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())
    else:
        from paasq_daemon.cli.consoles import stdout_console

        stdout_console().print(_shown(value))


def _shown(value: Any) -> RenderableType:
    if isinstance(value, dict):
        if value and all(isinstance(each, dict) for each in value.values()):
            return _rows([{"": name, **each} for name, each in value.items()])
        return _names(value)
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return _rows(value)
    return _scalar(value)


def _names(value: dict[str, Any]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for name, each in value.items():
        grid.add_row(Text(name, style="bold"), _shown(each))
    return grid


def _rows(rows: list[dict[str, Any]]) -> RenderableType:
    from rich.table import Table

    grid = Table(show_edge=False, pad_edge=False, header_style="bold")
    names = list(dict.fromkeys(name for row in rows for name in row))
    for name in names:
        grid.add_column(name)
    for row in rows:
        grid.add_row(*(_shown(row.get(name)) for name in names))
    return grid


def _scalar(value: Any) -> RenderableType:
    from rich.text import Text

    from paasq_daemon.wire.cell_text import cell_text, escape_control

    match value:
        case None:
            return Text("-", style="dim")
        case bool():
            return Text("yes" if value else "no")
        case int():
            return Text(f"{value:,}")
        case float():
            return Text(f"{value:,.6g}")
        case datetime():
            return Text(cell_text(value, "time"))
        case list():
            return Text(", ".join(escape_control(str(each)) for each in value) or "-")
    return Text(escape_control(str(value)))
