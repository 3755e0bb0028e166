"""`paasq resolve CITATION...`"""

from __future__ import annotations

from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.answer_output import AnswerFormat, write_answer
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.wire.request import Request


def resolve(
    citations: Annotated[
        list[str], typer.Argument(metavar="CITATION...", help="Such as 'pep:8@3.abstract[120..340]'.")
    ],
    form: options.OutputFormat = AnswerFormat.TABLE,
    rows: options.RowsOption = None,
    tokens: options.Tokens = None,
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Tell what citations quote, and whether that is still so."""
    with open_database(data, socket) as database:
        given = {"citations": citations}
        answer = database.request(Request("resolve $citations", given, options.budget_of(None, rows, tokens)))
    write_answer(answer, form)
