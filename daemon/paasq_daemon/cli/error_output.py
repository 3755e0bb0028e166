"""Errors for people: the place in the text, the message, the fix. Always to standard error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from paasq_daemon.wire.errors import PaasqError, QueryError
from paasq_dsl.source_text import SourceText

EXIT_FAILURE = 1  # the exit code; 2 is wrong usage, as typer has it


@contextmanager
def reporting_query_errors(source: SourceText) -> Iterator[None]:
    """A QueryError inside is shown at its place in `source`, and ends the command."""
    try:
        yield
    except QueryError as error:
        show_query_error(error, source)
        raise typer.Exit(EXIT_FAILURE) from None


def show_query_error(error: QueryError, source: SourceText) -> None:
    """Write the diagnostics at their places in `source`, or the error as `show_error` does where it has none."""
    if error.diagnostics:
        show_diagnostics(error.diagnostics, source)
        _show_progress(error)
    else:
        show_error(error)


def show_error(error: PaasqError) -> None:
    """Write code, message, hint, and how far a script came, control characters escaped."""
    from rich.text import Text

    from paasq_daemon.cli.consoles import stderr_console
    from paasq_daemon.wire.cell_text import escape_control

    text = Text.assemble((f"error[{error.code}]", "bold red"), f": {escape_control(error.message)}")
    if error.hint:
        text.append_text(Text.assemble("\n  ", ("mend", "bold cyan"), f": {escape_control(error.hint)}"))
    stderr_console().print(text, soft_wrap=True)
    _show_progress(error)


def show_diagnostics(diagnostics: Iterable[Mapping[str, Any]], source: SourceText) -> None:
    """Write diagnostics, as `Diagnostic.to_json` encodes them, with their lines of `source`."""
    from paasq_daemon.cli.consoles import stderr_console
    from paasq_daemon.cli.diagnostic_text import rendered

    for each in diagnostics:
        stderr_console().print(rendered(each, source), soft_wrap=True)


def _show_progress(error: PaasqError) -> None:
    from paasq_daemon.cli.consoles import stderr_console

    if error.progress is not None:
        stderr_console().print(str(error.progress), soft_wrap=True)
