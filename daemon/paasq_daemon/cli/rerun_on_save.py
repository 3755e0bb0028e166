"""`paasq watch FILE`"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli import parameter_values as parameters
from paasq_daemon.cli.answer_output import AnswerFormat
from paasq_daemon.cli.error_output import show_error
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.cli.run_script import run_script
from paasq_daemon.cli.source_files import read_source
from paasq_daemon.cli.watch_output import is_watch
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import PaasqError
from paasq_dsl.source_text import SourceText


def watch(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A script.", exists=True, dir_okay=False)],
    params: options.Params = None,
    form: options.OutputFormat = AnswerFormat.TABLE,
    zone: options.Zone = None,
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Run a script now and whenever it, or a .paasq file beside or below it, is saved. Ctrl-C ends it.

    This watches files. What happens in the store is watched by the statement `watch from ...`: paasq query 'watch from task'.
    """
    from watchfiles import watch as changes

    given = parameters.parse_assignments(params)
    with open_database(data, socket, create=True) as database:
        database.zone = options.zone_of(zone, data)
        _run(database, file, given, form)
        for _ in changes(file.parent, watch_filter=lambda _, path: path.endswith(".paasq")):
            _run(database, file, given, form)


def _run(database: Database, file: Path, params: Mapping[str, str], form: AnswerFormat) -> None:
    from paasq_daemon.cli.consoles import stdout_console

    stdout_console().clear()
    try:
        run_script(database, _script(file), params, form)
    except PaasqError as error:
        show_error(error)
    except typer.Exit:  # the text is wrong, and its diagnostics are shown: the next save may mend it
        pass


def _script(file: Path) -> SourceText:
    source = read_source(file)
    if is_watch(source.text):
        raise PaasqError(f"{file} ends in a watch, which would go on through every save", f"run it: `paasq run {file}`")
    return source
