"""The command `paasq`: its commands, and its exit codes.

A command's module loads when the program starts, so it imports at its top only what nearly every command needs.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from paasq_daemon.cli import schema, snapshot
from paasq_daemon.cli.archives import dump, load
from paasq_daemon.cli.check import check
from paasq_daemon.cli.compact import compact
from paasq_daemon.cli.doctor import doctor
from paasq_daemon.cli.embed import embed
from paasq_daemon.cli.error_output import EXIT_FAILURE, show_error
from paasq_daemon.cli.expire import expire
from paasq_daemon.cli.explain_code import explain
from paasq_daemon.cli.fmt import fmt
from paasq_daemon.cli.import_records import import_file
from paasq_daemon.cli.lsp import lsp
from paasq_daemon.cli.manual import manual
from paasq_daemon.cli.mcp import mcp
from paasq_daemon.cli.query import query
from paasq_daemon.cli.rerun_on_save import watch
from paasq_daemon.cli.resolve import resolve
from paasq_daemon.cli.run_script import run
from paasq_daemon.cli.serve import serve
from paasq_daemon.cli.shell import shell
from paasq_daemon.cli.statement_hint import CommandsOrStatements
from paasq_daemon.cli.status import status
from paasq_daemon.index.blas_threads import limit_blas_threads
from paasq_daemon.wire.errors import PaasqError

app = typer.Typer(
    name="paasq",
    cls=CommandsOrStatements,
    help="The local data store that personal-assistant agents and their owners think with.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_COMMANDS = (
    query,
    run,
    shell,
    resolve,
    status,
    doctor,
    compact,
    expire,
    embed,
    check,
    fmt,
    watch,
    serve,
    lsp,
    mcp,
    manual,
    explain,
    dump,
    load,
)
for _command in _COMMANDS:
    app.command()(_command)


def _say_version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        typer.echo(f"paasq {metadata.version('paasq')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which paasq this is.")
    ] = False,
) -> None:
    del version  # the callback has handled it


app.command("import")(import_file)
app.add_typer(schema.app, name="schema", help="Write the schema, compare it with a script, or bring the store to it.")
app.add_typer(snapshot.app, name="snapshot", help="Take, list, verify, delete and restore snapshots.")


def main() -> None:
    """Ends with 0, 1 where something went wrong, 2 on wrong usage, 130 on Ctrl-C."""
    limit_blas_threads()
    try:
        app()
    except PaasqError as error:
        show_error(error)
        sys.exit(EXIT_FAILURE)
