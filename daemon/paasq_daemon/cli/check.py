"""`paasq check FILE...`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.error_output import EXIT_FAILURE, show_diagnostics
from paasq_daemon.cli.open_database import folder_of, open_database
from paasq_daemon.cli.source_files import read_source, script_modules
from paasq_dsl.catalog import Catalog


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scripts; `-` is standard input.")],
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Say what is wrong with scripts, without running them.

    Collections are those of the store, if there is one, and those that the scripts given before declare.
    """
    from paasq_dsl.binder.script import bind_script
    from paasq_dsl.diagnostics import has_errors
    from paasq_dsl.syntax.parser import parse_script

    catalog = store_catalog(data, socket)
    failed = False
    for file in files:
        source = read_source(file)
        script, diagnostics = parse_script(source.text)
        bound = bind_script(script, catalog, resolve_module=script_modules(source))
        catalog = bound.catalog
        found = sorted([*diagnostics, *bound.diagnostics], key=lambda each: each.span)
        show_diagnostics([each.to_json(source) for each in found], source)
        failed = failed or has_errors(found)
    if failed:
        raise typer.Exit(EXIT_FAILURE)


def store_catalog(data: Path | None, socket: Path | None) -> Catalog:
    """The store's catalog; an empty one where there is no store, and none is made."""
    if socket is None and not folder_of(data).exists():
        return Catalog()
    with open_database(data, socket) as database:
        return database.catalog()
