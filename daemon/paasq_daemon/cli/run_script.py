"""`paasq run FILE`"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli import parameter_values as parameters
from paasq_daemon.cli.answer_output import AnswerFormat, write_answer
from paasq_daemon.cli.error_output import EXIT_FAILURE, show_diagnostics, show_error, show_query_error
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.cli.script_steps import ScriptStep, step_at, steps
from paasq_daemon.cli.source_files import collect_modules, read_source
from paasq_daemon.cli.watch_output import write_events
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import PaasqError, QueryError, ScriptProgress
from paasq_daemon.wire.request import Request
from paasq_dsl.diagnostics import make_diagnostic
from paasq_dsl.source_text import SourceText
from paasq_dsl.syntax.free_parameters import missing_parameters
from paasq_dsl.syntax.scanned_text import ScannedText

_LINES_ECHOED_MAX = 16  # a statement may put thousands of records


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A script; `-` is standard input.")],
    params: options.Params = None,
    form: options.OutputFormat = AnswerFormat.TABLE,
    echo: Annotated[bool, typer.Option("--echo", help="Show each statement above its answer.")] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="LINE[:COLUMN]", help="Only the statement there, on the definitions above it."),
    ] = None,
    zone: options.Zone = None,
    now: options.Now = None,
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Run a script: every answer as a table under its comment; in other formats the last answer alone.

    A `watch from ...` at its end goes on writing events until Ctrl-C.

    The script is checked as a whole before its first statement runs. Its statements then run one by one, each in a
    transaction of its own; @now is the same for all.
    """
    zone = options.zone_of(zone, data)
    source, now_us = read_source(file), options.parse_now(now, zone)
    with open_database(data, socket, create=True) as database:
        database.zone = zone
        run_script(database, source, parameters.parse_assignments(params), form, echo=echo, now_us=now_us, at=at)


def run_script(
    database: Database, source: SourceText, params: Mapping[str, str], form: AnswerFormat, *, echo: bool = False,
    now_us: int | None = None, at: str | None = None,
) -> None:  # fmt: skip
    """`params` are texts by name, as they were typed. `now_us` None is the moment at which the script starts; `at` the
    place of the only statement to run. Raises typer.Exit where the text is wrong or a statement fails, after
    its error was shown."""
    now_us = time.time_ns() // 1_000 if now_us is None else now_us
    modules = collect_modules(source)
    todo = list(steps(source)) if at is None else [step_at(source, at)]
    diagnostics = database.check(source.text if at is None else todo[0].text, modules)
    show_diagnostics(diagnostics, source)
    if any(each["severity"] == "error" for each in diagnostics):
        raise typer.Exit(EXIT_FAILURE)
    _refuse_unknown(params, todo)
    if at is None:
        _refuse_missing(params, source)
    values = parameters.values(params, source, database)
    last: Answer | None = None
    for number, step in enumerate(todo, 1):
        if form is AnswerFormat.TABLE:
            _show_title(step, source, echo=echo)
        given = {name: value for name, value in values.items() if step.uses_parameter(name)}
        request = Request(step.text, given, source_name=source.name, modules=modules, zone=database.zone, now_us=now_us)
        try:
            if step.is_watch:
                write_events(database, replace(request, now_us=None), form)
                return
            last = database.request(request)
            show_diagnostics([each for each in last.warnings if each not in diagnostics], source)
        except PaasqError as error:
            _show_failure(error, source)
            if len(todo) > 1:
                _show_progress(source, step, ScriptProgress(number, len(todo), None if last is None else last.seq))
            raise typer.Exit(EXIT_FAILURE) from None
        if form is AnswerFormat.TABLE:
            write_answer(last, form)
    if last is not None and form is not AnswerFormat.TABLE:
        write_answer(last, form)


def _refuse_unknown(params: Mapping[str, str], todo: list[ScriptStep]) -> None:
    known = sorted({name for step in todo for name in step.parameters})
    for name in params:
        if not any(step.uses_parameter(name) for step in todo):
            hint = f"there is {', '.join(f'${each}' for each in known)}" if known else "it has none"
            raise PaasqError(f"the script has no parameter ${name}", hint)


def _refuse_missing(params: Mapping[str, str], source: SourceText) -> None:
    """Before the first statement runs, not when the one that uses it is reached."""
    missing = missing_parameters(ScannedText(source.text), params)
    found = [make_diagnostic("PQ0702", place, name=name).to_json(source) for name, place in missing.items()]
    show_diagnostics(found, source)
    if found:
        raise typer.Exit(EXIT_FAILURE)


def _show_failure(error: PaasqError, source: SourceText) -> None:
    if isinstance(error, QueryError):
        show_query_error(error, source)
    else:
        show_error(error)


def _show_progress(source: SourceText, step: ScriptStep, progress: ScriptProgress) -> None:
    from paasq_daemon.cli.consoles import stderr_console

    line, column = source.line_column(step.span.start)
    stderr_console().print(f"{source.name}:{line}:{column}: {progress}", soft_wrap=True)


def _show_title(step: ScriptStep, source: SourceText, *, echo: bool) -> None:
    from rich.text import Text

    from paasq_daemon.cli.consoles import stdout_console

    stdout_console().print()
    lines = source.text[step.span.start : step.span.end].splitlines()
    if step.title:
        stdout_console().print(Text(step.title, style="bold"))
    if echo:
        _show_lines(lines, _LINES_ECHOED_MAX)
    elif not step.title:
        _show_lines(lines, 1)


def _show_lines(lines: list[str], most: int) -> None:
    from rich.text import Text

    from paasq_daemon.cli.consoles import stdout_console

    shown = lines[:most] + (["…"] if len(lines) > most else [])
    stdout_console().print(Text("\n".join(shown), style="cyan"), soft_wrap=True)
