"""`paasq shell`"""

from __future__ import annotations

from paasq_daemon.cli import options
from paasq_daemon.cli.answer_output import AnswerFormat, write_answer
from paasq_daemon.cli.error_output import show_diagnostics, show_error, show_query_error
from paasq_daemon.cli.open_database import folder_of, open_database
from paasq_daemon.cli.script_steps import definitions_of, steps
from paasq_daemon.cli.watch_output import write_events
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import PaasqError, QueryError
from paasq_daemon.wire.request import Request
from paasq_dsl.source_text import SourceText

_HISTORY_NAME = "shell_history"


def shell(zone: options.Zone = None, data: options.Data = None, socket: options.Socket = None) -> None:
    """Type statements and see their answers. A statement ends with `;`, Tab completes, Ctrl-D leaves."""
    from paasq_daemon.cli.consoles import stdout_console
    from paasq_daemon.cli.prompt import Prompt

    with open_database(data, socket, create=True) as database:
        database.zone = options.zone_of(zone, data)
        prompt = Prompt(database, folder_of(data) / _HISTORY_NAME if socket is None else None)
        stdout_console().print(
            "Statements end with ; and Tab completes. Ctrl-C empties the line, Ctrl-D leaves.", style="dim"
        )
        definitions = ""  # the let, param and zone statements so far, which later ones depend on
        while (text := prompt.read()) is not None:
            definitions = _answered(database, definitions, text)


def _answered(database: Database, definitions: str, text: str) -> str:
    """Show the answers of a text. Returns the definitions that the next one depends on."""
    source = SourceText(definitions + text, "<shell>")
    try:
        for step in steps(SourceText(source.text, source.name), after=len(definitions)):
            request = _request(database, step.text, source)
            if step.is_watch:
                write_events(database, request, AnswerFormat.TABLE)
            else:
                answer = database.request(request)
                show_diagnostics(answer.warnings, source)
                write_answer(answer, AnswerFormat.TABLE)
        if (known := definitions_of(source)) != definitions:
            database.request(_request(database, known, source))  # says what is wrong with them, if anything is
        return known
    except QueryError as error:
        show_query_error(error, source)
    except PaasqError as error:
        show_error(error)
    except KeyboardInterrupt:  # it stops the statement, not the shell
        pass
    return definitions


def _request(database: Database, text: str, source: SourceText) -> Request:
    return Request(text, source_name=source.name, zone=database.zone)
