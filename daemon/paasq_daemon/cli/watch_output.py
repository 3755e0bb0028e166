"""Writing the events of a watch as they arrive."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from paasq_daemon.cli.answer_output import AnswerFormat
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import PaasqError
from paasq_daemon.wire.events import EventBatch
from paasq_daemon.wire.request import Request
from paasq_dsl.syntax.stage_splitter import split_script

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"enter": "green", "change": "yellow", "leave": "red"}


def is_watch(text: str) -> bool:
    """Is the last statement of a text a watch?"""
    statements = split_script(text)[0]
    return bool(statements) and statements[-1].fragments[0].text.split(maxsplit=1)[:1] == ["watch"]


def write_events(database: Database, request: Request, form: AnswerFormat) -> None:
    """Write events to standard output until Ctrl-C, which is raised again. Raises PaasqError where the watch fails."""
    if form not in {AnswerFormat.TABLE, AnswerFormat.JSON, AnswerFormat.JSONL}:
        raise PaasqError(f"events can't be written as {form}", "write them as json, a line each, or as a table")
    cursor: str | None = None
    live = False
    with database.open_watch(request) as watch:
        try:
            for batch in watch:
                _write(batch, form, first=batch.live and not live)
                cursor, live = batch.cursor or cursor, live or batch.live
        except KeyboardInterrupt:
            if cursor is not None:
                _say(f'\nto go on from here, write after the watch: after "{cursor}"')
            raise


def _write(batch: EventBatch, form: AnswerFormat, *, first: bool) -> None:
    """`first`: the initial rows are complete with this batch."""
    if form is AnswerFormat.TABLE:
        from paasq_daemon.cli.consoles import stdout_console

        for line in _lines(batch):
            stdout_console().print(line, soft_wrap=True)
        if first:
            _say(f"that is all at sequence number {batch.seq}; what happens now follows, until Ctrl-C")
    else:
        import orjson

        for each in _objects(batch, first=first):
            sys.stdout.write(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE).decode())
    sys.stdout.flush()


def _objects(batch: EventBatch, *, first: bool) -> Iterator[dict[str, Any]]:
    """Only the last event has the cursor: a watch cannot resume after one of the others."""
    data = batch.to_json()
    moment = {"seq": data["seq"], "now": data["now"]}
    for number, event in enumerate(data["events"], 1):
        yield {**event, **moment, "cursor": batch.cursor if number == len(batch) else None}
    if first:
        yield {"event": "live", **moment, "cursor": batch.cursor}


def _lines(batch: EventBatch) -> Iterator[Text]:
    from rich.text import Text

    from paasq_daemon.wire.cell_text import cell_text, escape_control

    width = max(map(len, _STYLES))
    for event, key, row in batch:
        shown = key if isinstance(key, str) else ", ".join("null" if part is None else str(part) for part in key)
        line = Text.assemble((event.ljust(width), _STYLES[event]), "  ", (escape_control(shown), "bold"))
        for value, column in zip(row, batch.columns, strict=True):
            if value is not None and (text := cell_text(value, column.type)) != shown:
                line.append_text(Text.assemble("  ", (f"{column.name} ", "dim"), text))
        yield line


def _say(words: str) -> None:
    from paasq_daemon.cli.consoles import stderr_console

    stderr_console().print(words, style="dim", soft_wrap=True)
