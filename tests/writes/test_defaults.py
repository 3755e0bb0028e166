"""What a record reads as where a field was not given."""

from __future__ import annotations

from pathlib import Path

import pytest

import paasq

DEFAULTS = [("int", "7", 7), ("float", "1", 1.0), ("keyword", '"new"', "new"), ("bool", "true", True)]


@pytest.mark.parametrize(("type_", "literal", "value"), DEFAULTS)
def test_field_not_given_reads_as_its_default(tmp_path: Path, type_: str, literal: str, value: object) -> None:
    with paasq.open(tmp_path) as store:
        store.query(f"collection task {{ key id: keyword  state: {type_} default {literal} }}")
        store.put("task", {"id": "by put"})
        store.query('put task {id: "by statement"}')
        assert [row["state"] for row in store.query("from task | sort id")] == [value, value]
        assert repr(store.query("from task").rows[0][1]) == repr(value)
