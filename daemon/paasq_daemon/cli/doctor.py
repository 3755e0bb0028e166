"""`paasq doctor`"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.error_output import EXIT_FAILURE
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import folder_of

_REPAIRED = {
    "mended": "as it was",
    "older": "an older version is in its place",
    "lost": "can't be mended",
}


def doctor(
    data: options.Data = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend it: from what is whole, the snapshots and the journal.")
    ] = False,
    as_json: options.JsonOutput = False,
) -> None:
    """Examine a store that no process has open, part by part. The exit code is 1 where it is damaged."""
    import paasq

    report = paasq.doctor(folder_of(data), repair=repair)
    write_object(report, as_json=True) if as_json else _show(report)
    if not report["sound"]:
        raise typer.Exit(EXIT_FAILURE)


def _show(report: dict[str, Any]) -> None:
    for name in ("before", "repair"):
        if name in report:
            _show_before(report[name]) if name == "before" else _show_repair(report[name])
    _show_parts(report)


def _show_before(report: dict[str, Any]) -> None:
    if not report["sound"]:
        _show_parts(report)
        typer.echo()


def _show_repair(report: dict[str, Any]) -> None:
    for name, title in _REPAIRED.items():
        for line in report[name]:
            typer.echo(f"{title}: {line}")
    if report["indexes"]:
        typer.echo(f"indexes of {report['indexes']} collections were built anew")
    if report["damaged_file"]:
        typer.echo(f"the damaged data file is kept: {report['damaged_file']}")
    typer.echo()


def _show_parts(report: dict[str, Any]) -> None:
    write_object(
        [{name: part[name] for name in ("part", "checked", "found")} for part in report["parts"]], as_json=False
    )
    for part in report["parts"]:
        for line in part["findings"]:
            typer.echo(f"{part['part']}: {line}")
        if part["found"] > len(part["findings"]):
            typer.echo(f"{part['part']}: {part['found'] - len(part['findings']):,} more")
    for note in report["notes"]:
        typer.echo(f"note: {note}")
    typer.echo("sound" if report["sound"] else "damaged")
