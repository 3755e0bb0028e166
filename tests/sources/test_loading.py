"""Batches into a store that refuses some records, and the file that keeps those."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.sources.bulk_load import BATCH_RECORDS, bulk_load
from paasq_daemon.sources.input_record import InputRecord
from paasq_daemon.sources.reject_file import RejectFile
from paasq_daemon.wire.errors import ConflictError, DaemonUnavailable


class Store:
    """Refuses a batch that holds a key of `bad`, whole."""

    def __init__(self, bad: set[int]) -> None:
        self.bad = bad
        self.keys: list[int] = []

    def put(self, records: list[dict[str, Any]]) -> None:
        if any(record["id"] in self.bad for record in records):
            raise ConflictError("no", "another one")
        self.keys += [record["id"] for record in records]


def entries(count: int) -> list[InputRecord]:
    return [InputRecord(n, str(n).encode(), {"id": n}) for n in range(1, count + 1)]


@pytest.mark.parametrize("bad", [set(), {1}, {2500}, {7, 8, 999, 1000, 1001}, set(range(1, 2501))])
def test_only_culprits_are_rejected(bad: set[int]) -> None:
    store, rejected = Store(bad), list[InputRecord]()
    counts = list(bulk_load(entries(2500), store.put, rejected.append))
    assert len(counts) == 2500 / BATCH_RECORDS + 0.5
    assert store.keys == [n for n in range(1, 2501) if n not in bad]
    assert sum(counts) == len(store.keys)
    assert {entry.line for entry in rejected} == bad
    assert all(entry.error == "no (another one)" for entry in rejected)


def test_lines_without_a_record_are_rejected_with_their_cause() -> None:
    store, rejected = Store(set()), list[InputRecord]()
    bad = InputRecord(2, b"x", None, "this is not JSON")
    assert list(bulk_load([InputRecord(1, b"", {"id": 1}), bad], store.put, rejected.append)) == [1]
    assert rejected == [bad]


def test_what_is_no_fault_of_a_record_ends_the_import() -> None:
    def put(_: list[dict[str, Any]]) -> None:
        raise DaemonUnavailable("gone")

    rejected: list[InputRecord] = []
    with pytest.raises(DaemonUnavailable):
        list(bulk_load(entries(3), put, rejected.append))
    assert not rejected


def test_reject_file_keeps_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "x.rejected.jsonl"
    with RejectFile(path) as rejects:
        assert not path.exists()
        rejects.write(InputRecord(3, "{ü\r\n".encode(), None, "not JSON"))
        rejects.write(InputRecord(9, b"\xff\n", None, "not UTF-8"))
        assert rejects.count == 2
    first, second = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert first == {"line": 3, "cause": "not JSON", "text": "{ü"}
    assert b64decode(second["base64"]) == b"\xff\n"
