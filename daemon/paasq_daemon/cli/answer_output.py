"""Writing an answer to standard output, in one of five formats."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC
from enum import StrEnum
from functools import reduce
from typing import TYPE_CHECKING, Any

import orjson

from paasq_dsl.time_zones import find_zone

if TYPE_CHECKING:
    from paasq_daemon.wire.answer import Answer


class AnswerFormat(StrEnum):
    """The choices of `--format`."""

    TABLE = "table"
    JSON = "json"  # one object: columns, rows, complete, reason, cursor, seq, elapsed_ms, facets
    JSONL = "jsonl"  # one object a row
    CSV = "csv"  # values as in JSON, null as an empty cell, empty text as `""`, a column for each member of an object
    MARKDOWN = "markdown"


def write_answer(answer: Answer, form: AnswerFormat) -> None:
    """Write to standard output; the labels to standard error where the format has no place for them and rows are missing."""
    _WRITERS[form](answer)
    if form not in _LABELLED and (not answer.complete or answer.cursor is not None):
        from paasq_daemon.cli.consoles import stderr_console
        from paasq_daemon.wire.answer_table import answer_labels

        stderr_console().print(answer_labels(answer), style="dim", soft_wrap=True)


def _table(answer: Answer) -> None:
    from paasq_daemon.cli.consoles import stdout_console
    from paasq_daemon.wire.answer_table import answer_table

    stdout_console().print(answer_table(answer))


def _json(answer: Answer) -> None:
    _out(orjson.dumps(answer.to_json(), option=orjson.OPT_APPEND_NEWLINE))


def _jsonl(answer: Answer) -> None:
    for row in answer.to_json()["rows"]:
        _out(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _csv(answer: Answer) -> None:
    from paasq_daemon.wire.value_codecs import leaf_paths

    paths = [path for column in answer.columns for path in leaf_paths(column.name, column.type)]
    rows = answer.to_json()["rows"]
    found = ([reduce(lambda value, name: value and value[name], path, row) for path in paths] for row in rows)
    for cells in ([".".join(path) for path in paths], *found):
        sys.stdout.write((",".join(map(_csv_cell, cells)) or '""') + "\n")  # an empty line is no row


def _csv_cell(value: Any) -> str:
    """Null is empty, and empty text `""`: csv.writer of Python 3.11 writes both alike."""
    if value is None:
        return ""
    text = orjson.dumps(value).decode() if isinstance(value, list | bool) else str(value)
    return '"' + text.replace('"', '""') + '"' if not text or _CSV_SPECIAL.search(text) else text


def _markdown(answer: Answer) -> None:
    from paasq_daemon.wire.cell_text import cell_text

    zone = find_zone(answer.zone) or UTC

    def line(cells: list[str]) -> None:
        escaped = (text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>") for text in cells)
        sys.stdout.write(f"| {' | '.join(escaped)} |\n")

    line([column.name for column in answer.columns])
    sys.stdout.write(f"|{'---|' * len(answer.columns)}\n")
    for row in answer:
        line([cell_text(value, column.type, zone) for value, column in zip(row, answer.columns, strict=True)])


def _out(text: bytes) -> None:
    sys.stdout.write(text.decode())


_CSV_SPECIAL = re.compile(r'[,"\r\n]')
_LABELLED = frozenset({AnswerFormat.TABLE, AnswerFormat.JSON})
_WRITERS: Mapping[AnswerFormat, Callable[[Answer], None]] = {
    AnswerFormat.TABLE: _table,
    AnswerFormat.JSON: _json,
    AnswerFormat.JSONL: _jsonl,
    AnswerFormat.CSV: _csv,
    AnswerFormat.MARKDOWN: _markdown,
}
