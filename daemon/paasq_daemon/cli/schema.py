"""`paasq schema dump|diff|apply`"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.check import store_catalog
from paasq_daemon.cli.error_output import EXIT_FAILURE, reporting_query_errors
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.cli.source_files import read_source
from paasq_daemon.wire.errors import PaasqError

app = typer.Typer(no_args_is_help=True)

File: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", help="A script with declarations; `-` is standard input.")
]
Renames: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--rename", metavar="COLLECTION.OLD=NEW", help="A field that has another name now.", show_default=False
    ),
]
Whole: TypeAlias = Annotated[
    bool, typer.Option("--whole", help="Drop the collections and views that FILE does not declare.")
]


@app.command()
def dump(data: options.Data = None, socket: options.Socket = None) -> None:
    """Write the schema as a script: on an empty store it declares the same."""
    from paasq_dsl.schema.script import schema_script

    with open_database(data, socket) as database:
        sys.stdout.write(schema_script(database.catalog()))


@app.command()
def diff(
    file: File,
    renames: Renames = None,
    whole: Whole = False,
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Write the statements that bring the store to the schema of a script, with what loses data or may fail.

    The exit code is 1 where there are some.
    """
    from paasq_daemon.cli.error_output import show_diagnostics
    from paasq_dsl.diagnostics import has_errors
    from paasq_dsl.schema.differences import UnknownRename, schema_changes
    from paasq_dsl.schema.script import declared_schema

    source = read_source(file)
    wanted, wrong = declared_schema(source.text)
    show_diagnostics([each.to_json(source) for each in wrong], source)
    if has_errors(wrong):
        raise typer.Exit(EXIT_FAILURE)
    nested: dict[str, dict[str, str]] = {}
    for old, new in _renames(renames).items():
        collection, _, field = old.partition(".")
        nested.setdefault(collection, {})[field] = new
    try:
        changes = schema_changes(store_catalog(data, socket), wanted, nested, whole=whole)
    except UnknownRename as error:
        raise typer.BadParameter(str(error), param_hint="--rename") from None
    for change in changes:
        sys.stdout.write(change.text.rstrip() + "\n")
    if changes:
        raise typer.Exit(EXIT_FAILURE)


@app.command()
def apply(
    file: File,
    yes: Annotated[bool, typer.Option("--yes", help="Do it, and keep it.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Do also what loses data.")] = False,
    renames: Renames = None,
    whole: Whole = False,
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Bring the store to the schema of a script: all changes or none, the records converted.

    Without --yes all is tried and rolled back, which shows what would happen. A field that is not declared any more is
    dropped, and refused without --drop, unless --rename says what it is called now.
    """
    source = read_source(file)
    given = _renames(renames)
    with open_database(data, socket, create=True) as database, reporting_query_errors(source):
        done = database.schema_apply(
            source.text, renames=given, whole=whole, drop=drop, dry_run=not yes, source_name=source.name
        )
    _show(done["changes"], kept=done["applied"])
    if not yes and not drop and any(change["risk"] == "loses data" for change in done["changes"]):
        raise PaasqError(
            "some of this loses data, and is refused without --drop",
            "say that it may, by `--drop`; or, where a field has another name now, `--rename COLLECTION.OLD=NEW`",
        )


def _show(changes: Sequence[dict[str, Any]], *, kept: bool) -> None:
    from paasq_daemon.cli.consoles import stderr_console

    for change in changes:
        notes = [f"{change['risk']}: {change['why']}"] if change["risk"] else []
        notes += [f"{change['records']:,} records"] if change["records"] else []
        sys.stdout.write("".join(f"// {note}\n" for note in notes) + change["statement"].rstrip() + ";\n")
    said = "the schemas are equal" if not changes else "done" if kept else "tried and rolled back; --yes does it"
    stderr_console().print(said, soft_wrap=True)


def _renames(given: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given or []:
        old, equals, new = each.partition("=")
        if not (equals and new and "." in old):
            raise typer.BadParameter(f"{each} is not COLLECTION.OLD=NEW", param_hint="--rename")
        found[old] = new
    return found
