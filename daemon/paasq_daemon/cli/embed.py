"""`paasq embed`"""

from __future__ import annotations

import time
from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.open_database import open_database

_STEP_S = 2.0  # work is asked for in steps, so that there is progress to show and Ctrl-C loses little


def embed(
    collection: Annotated[str | None, typer.Argument(metavar="[COLLECTION]", help="This one alone.")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", min=0.1, help="Stop after so many seconds.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Make every vector anew: after a change of the model.")
    ] = False,
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Compute the vectors that are pending. What is done is kept, so this may be stopped and called again."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from paasq_daemon.cli.consoles import stderr_console

    started_s = time.monotonic()
    done, pending, refused = 0, 1, 0
    with (
        open_database(data, socket) as database,
        Progress(
            TextColumn("vectors"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=stderr_console(), transient=True, disable=not stderr_console().is_terminal,
        ) as bar,
    ):  # fmt: skip
        task = bar.add_task("vectors", total=None)
        while pending > refused and (left_s := _left(seconds, started_s)) > 0:
            step = database.embed(seconds_max=min(left_s, _STEP_S), collection=collection, replace=replace and not done)
            done, pending, refused = done + step["embedded"], step["pending"], step.get("refused", 0)
            bar.update(task, completed=done, total=done + pending)
    took_s = time.monotonic() - started_s
    why = f", {refused:,} of them refused by the model" if refused else ""
    stderr_console().print(f"{done:,} vectors in {took_s:.1f} s, {pending:,} pending{why}")


def _left(seconds: float | None, started_s: float) -> float:
    return float("inf") if seconds is None else seconds - (time.monotonic() - started_s)
