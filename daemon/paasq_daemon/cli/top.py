"""`paasq top`"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import require_daemon

if TYPE_CHECKING:
    from rich.console import RenderableType

_RUNNING_SHOWN = 20
_MIB = 1 << 20


def top(
    once: Annotated[bool, typer.Option("--once", help="Show it once and end.")] = False,
    interval: Annotated[float, typer.Option("--interval", min=0.1, help="Seconds between two looks.")] = 1.0,
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Show what the daemon does, until Ctrl-C: workers, requests under way with the key of their plan, queue, latency, memory.

    With --json a line of JSON for each look. No text of a client is shown: the daemon tells none.
    """
    from paasq_daemon.cli.consoles import stdout_console

    with require_daemon(data, socket) as client:
        if once:
            seen = client.call("activity", {})
            write_object(seen, as_json=True) if as_json else stdout_console().print(_shown(seen, None))
            return
        if as_json:
            while True:
                _write_line(client.call("activity", {}))
                time.sleep(interval)
        from rich.live import Live

        before: tuple[float, int] | None = None
        with Live(console=stdout_console(), screen=stdout_console().is_terminal, auto_refresh=False) as live:
            while True:
                seen, now_s = client.call("activity", {}), time.monotonic()
                rate = None if before is None else (seen["requests"] - before[1]) / (now_s - before[0])
                before = now_s, seen["requests"]
                live.update(_shown(seen, rate), refresh=True)
                time.sleep(interval)


def _write_line(seen: dict[str, Any]) -> None:
    import orjson

    typer.echo(orjson.dumps(seen).decode())


def _shown(seen: dict[str, Any], rate: float | None) -> RenderableType:
    from rich.console import Group

    latency = seen["latency_ms"]
    head = (
        f"process {seen['pid']}, up {_duration(seen['uptime_s'])}, {seen['memory_bytes'] / _MIB:,.0f} MiB, "
        f"{seen['connections']} connections, {seen['waiting']} waiting, {seen['restarts']} workers replaced\n"
        f"{seen['requests']:,} requests" + ("" if rate is None else f", {rate:,.1f} a second") +
        f", {seen['errors']:,} errors; p50 {_ms(latency['p50'])}, p99 {_ms(latency['p99'])}"
    )  # fmt: skip
    workers = [
        (str(each["pid"]), each["method"] or "-", _ms(each["elapsed_ms"]), each["plan"] or "-",
         f"{each['memory_bytes'] / _MIB:,.0f} MiB")
        for each in seen["workers"]
    ]  # fmt: skip
    running = [
        (str(each["connection"]), each["method"], _ms(each["elapsed_ms"]), each["plan"] or "-")
        for each in seen["running"][:_RUNNING_SHOWN]
    ]
    more = len(seen["running"]) - len(running)
    return Group(
        head,
        _table(("worker", "does", "for", "plan", "memory"), workers),
        _table(("connection", "request", "for", "plan"), running),
        *([f"and {more} more"] if more > 0 else []),
    )


def _table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> RenderableType:
    from rich.table import Table

    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, justify="right" if name in {"for", "memory"} else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f} ms" if value < 1000 else f"{value / 1000:,.1f} s"


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
