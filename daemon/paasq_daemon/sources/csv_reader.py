"""CSV with a header of field names. The collection's types say what a cell means."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from paasq_daemon.sources.csv_cells import cell_parser
from paasq_daemon.sources.input_record import InputRecord
from paasq_daemon.sources.line_reader import LINE_BYTES_MAX, Line
from paasq_daemon.wire.errors import PaasqError
from paasq_dsl.catalog import Collection
from paasq_dsl.diagnostics import similar_names


def read_csv(lines: Iterable[Line], collection: Collection) -> Iterator[InputRecord]:
    """An entry a row; an empty cell is a field left out. Raises PaasqError where the header does not fit."""
    csv.field_size_limit(LINE_BYTES_MAX)
    taken: list[Line] = []  # the lines of the row that is being read: a quoted cell may hold newlines
    rows = csv.reader(_decoded(lines, taken), strict=True)
    names: list[str] | None = None
    while True:
        taken.clear()
        try:
            cells, cause = next(rows), ""
        except StopIteration:
            return
        except csv.Error as error:
            cells, cause = [], f"this is not CSV: {error}"
        if names is None:
            names = _header(cells, cause, collection)
        elif cells or cause:
            cause = cause or _cut(taken)
            record, cause = (None, cause) if cause else _record(names, cells, collection)
            yield InputRecord(taken[0].number, b"".join(line.text for line in taken), record, cause)


def _decoded(lines: Iterable[Line], taken: list[Line]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line.text.decode("utf-8", "surrogateescape")


def _cut(lines: Iterable[Line]) -> str:
    if any(line.truncated for line in lines):
        return f"a line is longer than {LINE_BYTES_MAX:,} bytes; only its beginning is kept"
    return ""


def _header(names: list[str], cause: str, collection: Collection) -> list[str]:
    if cause:
        raise PaasqError(f"the header cannot be read: {cause}", "the first line names the fields, separated by commas")
    for name in names:
        if name not in collection.fields_by_name:
            meant = similar_names(name, collection.fields_by_name)
            hint = f"did you mean {' or '.join(meant)}?" if meant else f"it has {', '.join(collection.fields_by_name)}"
            raise PaasqError(f"the header names {name!r}, and {collection.name} has no such field", hint)
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise PaasqError(f"the header names {twice!r} twice", "leave one of the two columns out")
    return names


def _record(names: list[str], cells: list[str], collection: Collection) -> tuple[dict[str, Any] | None, str]:
    if len(cells) != len(names):
        return None, f"the header has {len(names)} cells and this row {len(cells)}"
    record: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=True):
        if not cell.isascii() and any("\ud800" <= c <= "\udfff" for c in cell):
            return None, f"{name}: this is not UTF-8"
        if not cell:
            continue
        try:
            record[name] = cell_parser(collection.fields_by_name[name].type)(cell)
        except ValueError as error:
            return None, f"{name}: {error}"
    return record, ""
