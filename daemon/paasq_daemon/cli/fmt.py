"""`paasq fmt FILE...`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from paasq_daemon.cli.error_output import EXIT_FAILURE, show_diagnostics
from paasq_daemon.cli.source_files import read_source


def fmt(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Scripts; `-` is standard input, to standard output.")
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 where something would be.")
    ] = False,
) -> None:
    """Write scripts in the one layout that all share. Comments stay; a file with errors is left as it is."""
    from paasq_dsl.syntax.format.formatter import format_text
    from paasq_dsl.syntax.parser import parse_script

    failed = False
    for file in files:
        source = read_source(file)
        _, diagnostics = parse_script(source.text)
        if diagnostics:
            show_diagnostics([each.to_json(source) for each in diagnostics], source)
            failed = True
            continue
        formatted = format_text(source.text)
        if str(file) == "-":
            sys.stdout.write(formatted)
        elif formatted != source.text:
            typer.echo(f"{file} {'is not formatted' if check else 'formatted'}", err=True)
            failed = failed or check
            if not check:
                file.write_text(formatted, encoding="utf-8")
    if failed:
        raise typer.Exit(EXIT_FAILURE)
