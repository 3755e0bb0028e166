"""Files of records, whole and broken: every line comes out once, as a record or with the cause."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from paasq_daemon.sources import line_reader as lines_module
from paasq_daemon.sources.input_record import InputRecord
from paasq_daemon.sources.line_reader import Line, LineFile
from paasq_daemon.sources.readers import reader_of
from paasq_daemon.wire.errors import PaasqError
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.types import BOOL, FLOAT, INT, KEYWORD, TEXT, TIME, list_of

TASK = Collection(
    1,
    "task",
    (
        Field(1, "id", KEYWORD),
        Field(2, "title", TEXT),
        Field(3, "n", INT),
        Field(4, "share", FLOAT),
        Field(5, "done", BOOL),
        Field(6, "tags", list_of(KEYWORD)),
        Field(7, "sizes", list_of(INT)),
        Field(8, "due", TIME),
    ),
    "id",
)


def read(tmp_path: Path, name: str, content: bytes) -> list[InputRecord]:
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with LineFile(path) as file:
        return list(reader_of(path)(file, TASK))


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson", "x.jsonl.gz"])
def test_jsonl(tmp_path: Path, name: str) -> None:
    entries = read(tmp_path, name, '\ufeff{"id": "a", "n": 3}\n\n{"id": "ü"}'.encode())
    assert [(e.line, e.record) for e in entries] == [(1, {"id": "a", "n": 3}), (3, {"id": "ü"})]


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (b'{"id": "a"', "this is not JSON: "),
        (b'{"id": "\xff"}', "byte 9 of the line is not UTF-8"),
        (b"[1, 2]", "a record is a JSON object, {...}"),
        (b'{"id": NaN}', "this is not JSON: "),
        (b"[" * 5000, "this is not JSON: "),
    ],
)
def test_bad_json_lines(tmp_path: Path, line: bytes, cause: str) -> None:
    before, bad, after = read(tmp_path, "x.jsonl", b'{"id": "a"}\n' + line + b'\n{"id": "b"}\n')
    assert before.record == {"id": "a"}
    assert after.record == {"id": "b"}
    assert (bad.line, bad.raw, bad.record) == (2, line + b"\n", None)
    assert bad.error.startswith(cause)


@pytest.mark.parametrize(("name", "header"), [("x.jsonl", b""), ("x.csv", b"id\n")])
def test_too_long_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, header: bytes) -> None:
    monkeypatch.setattr(lines_module, "LINE_BYTES_MAX", 100)
    good = b'{"id": "a"}\n' if name == "x.jsonl" else b"a\n"
    bad, after = read(tmp_path, name, header + b"y" * 1000 + b"\n" + good)
    assert "longer than" in bad.error
    assert len(bad.raw) == 100
    assert after.record == {"id": "a"}


def test_csv_values(tmp_path: Path) -> None:
    content = (
        b"id,title,n,share,done,tags,sizes,due\r\n"
        b'a,"two\r\nlines, ""quoted""",-7,1.5e3,yes,work; family,"[1, 2]",2026-11-22\r\n'
        b"b,,,,False,,3,\r\n"
    )
    first, second = read(tmp_path, "x.csv", content)
    assert first.record == {
        "id": "a", "title": 'two\r\nlines, "quoted"', "n": -7, "share": 1500.0, "done": True,
        "tags": ["work", "family"], "sizes": [1, 2], "due": "2026-11-22",
    }  # fmt: skip
    none = {"title": None, "n": None, "share": None, "tags": None, "due": None}  # an empty cell is null
    assert second.record == {"id": "b", "done": False, "sizes": [3], **none}
    assert (first.line, second.line) == (2, 4)


@pytest.mark.parametrize(
    ("row", "record"),
    [
        (b'a,"",', {"title": "", "n": None}),
        (b'a,,""', {"title": None, "n": None}),  # programs that quote every cell
        (b'"a","",""\r', {"title": "", "n": None}),
        (b'"a""b, ""c",,1', {"title": None, "n": 1}),
        (b"a,x,12.0", {"title": "x", "n": 12}),  # as spreadsheets write a column of numbers that has gaps
        (b"a,x, -3. ", {"title": "x", "n": -3}),
        (b'"",x,1', {"title": "x", "n": 1}),  # no key: it is left out, as is what is required
    ],
)
def test_empty_csv_cells(tmp_path: Path, row: bytes, record: dict[str, object]) -> None:
    (found,) = read(tmp_path, "x.csv", b"id,title,n\n" + row + b"\n")
    assert found.record is not None
    assert {name: value for name, value in found.record.items() if name != "id"} == record
    assert ("id" in found.record) is not row.startswith(b'"",')


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        (b"a,x,1.5", "n: '1.5' is not a whole number"),
        (b"a,x,1.05", "n: '1.05' is not a whole number"),
        (b"a,x,.0", "n: '.0' is not a whole number"),
        (b"a,x", "the header has 3 cells and this row 2"),
        (b'a,"x"y,1', "this is not CSV: "),
        (b"a,\xff,1", "title: this is not UTF-8"),
    ],
)
def test_bad_csv_rows(tmp_path: Path, row: bytes, cause: str) -> None:
    bad, after = read(tmp_path, "x.csv", b"id,title,n\n" + row + b"\nb,y,2\n")
    assert (bad.line, bad.raw, bad.record) == (2, row + b"\n", None)
    assert bad.error.startswith(cause)
    assert after.record == {"id": "b", "title": "y", "n": 2}


def test_open_quote_swallows_no_line(tmp_path: Path) -> None:
    content = b'id,title\na,"open\nb,x\n'
    (bad,) = read(tmp_path, "x.csv", content)
    assert bad.raw == b'a,"open\nb,x\n'
    assert bad.error.startswith("this is not CSV: ")


@pytest.mark.parametrize(
    ("header", "message", "hint"),
    [
        (b"id,titel\n", "the header names 'titel', and task has no such field", "did you mean title?"),
        (b"id,n,n\n", "the header names 'n' twice", "leave one"),
        (b'"id\n', "the header cannot be read", "the first line"),
    ],
)
def test_bad_csv_header(tmp_path: Path, header: bytes, message: str, hint: str) -> None:
    with pytest.raises(PaasqError) as caught:
        read(tmp_path, "x.csv", header)
    assert caught.value.message.startswith(message)
    assert caught.value.hint.startswith(hint)


def test_torn_gzip(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": "a"}\n' * 50_000)[:-20])
    seen: list[Line] = []
    with LineFile(path) as file, pytest.raises(PaasqError, match="breaks off after line"):
        seen.extend(file)
    assert seen


def test_gzip_that_unfolds_is_read_piece_by_piece(tmp_path: Path) -> None:
    """A line of 64 MiB in a file of 64 KiB: nothing of more than a line's limit is ever held."""
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b"\0" * 2**26, compresslevel=1))
    with LineFile(path) as file:
        (line,) = file
    assert line.truncated
    assert len(line.text) == lines_module.LINE_BYTES_MAX


def test_unknown_format() -> None:
    with pytest.raises(PaasqError, match=r"names end with .jsonl, .ndjson, .csv, with or without .gz"):
        reader_of(Path("mails.xlsx"))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PaasqError, match="cannot be read: No such file or directory"):
        LineFile(tmp_path / "none.jsonl")
