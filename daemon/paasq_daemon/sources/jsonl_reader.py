"""JSON Lines: one object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from paasq_daemon.sources.input_record import InputRecord
from paasq_daemon.sources.line_reader import LINE_BYTES_MAX, Line
from paasq_daemon.wire.exact_json import loads
from paasq_dsl.catalog import Collection


def read_jsonl(lines: Iterable[Line], _collection: Collection) -> Iterator[InputRecord]:
    """An entry a line, empty ones left out. Types are checked by the store, not here."""
    for line in lines:
        if not line.text.strip():
            continue
        record, cause = _object(line)
        yield InputRecord(line.number, line.text, record, cause)


def _object(line: Line) -> tuple[dict[str, Any] | None, str]:
    if line.truncated:
        return None, f"the line is longer than {LINE_BYTES_MAX:,} bytes; only its beginning is kept"
    try:
        value = loads(line.text)
    except ValueError as error:
        return None, _not_utf8(line.text) or f"this is not JSON: {error}"
    if not isinstance(value, dict):
        return None, "a record is a JSON object, {...}"
    return value, ""


def _not_utf8(text: bytes) -> str:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} of the line is not UTF-8"
    return ""
