"""`paasq query TEXT`"""

from __future__ import annotations

from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli import parameter_values as parameters
from paasq_daemon.cli.answer_output import AnswerFormat, write_answer
from paasq_daemon.cli.error_output import reporting_query_errors, show_diagnostics
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.cli.watch_output import is_watch, write_events
from paasq_daemon.wire.request import Request
from paasq_dsl.source_text import SourceText


def query(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="Statements, separated by `;`. `-` reads standard input.")
    ],
    params: options.Params = None,
    form: options.OutputFormat = AnswerFormat.TABLE,
    time_ms: options.TimeMs = None,
    rows: options.RowsOption = None,
    tokens: options.Tokens = None,
    zone: options.Zone = None,
    now: options.Now = None,
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Run statements, and show the answer of the last one; of a `watch from ...` the events, until Ctrl-C."""
    source = SourceText(typer.get_text_stream("stdin").read() if text == "-" else text)
    zone = options.zone_of(zone, data)
    budget, now_us = options.budget_of(time_ms, rows, tokens), options.parse_now(now, zone)
    named = parameters.parse_assignments(params)
    with open_database(data, socket) as database, reporting_query_errors(source):
        given = parameters.values(named, source, database)
        request = Request(source.text, given, budget, source.name, zone=zone, now_us=now_us)
        if is_watch(source.text):
            write_events(database, request, form)
            return
        answer = database.request(request)
    show_diagnostics(answer.warnings, source)
    write_answer(answer, form)
