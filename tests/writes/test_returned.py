"""A record that was read may be put back as it is; where it is another by then, or was changed where it may not be, the put is
refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import paasq
from paasq._embedded_database import EmbeddedDatabase
from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import ConflictError, InvalidValue
from properties.worlds import SmallEmbedder

SCHEMA = """
collection mail { key id: keyword  at: time  year: int = year(at)  t: text  v: vector(auto) from t };
put mail {id: "a", at: @2026-01-01, t: "red"};
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[paasq.Database]:
    with EmbeddedDatabase(Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False)) as store:
        store.query(SCHEMA)
        yield store


def read(store: paasq.Database) -> dict[str, Any]:
    found = store.get("mail", "a")
    assert found is not None
    return found


def test_unchanged(store: paasq.Database) -> None:
    before = read(store)
    store.put("mail", before)
    after = read(store)
    assert after.pop("_version") == before.pop("_version")
    assert {n: v for n, v in after.items() if n[0] != "_"} == {n: v for n, v in before.items() if n[0] != "_"}


def test_read_too_long_ago(store: paasq.Database) -> None:
    before = read(store)
    store.query("patch mail:a set t = $t", t="blue")
    with pytest.raises(ConflictError, match="mail:a is at version 2, and what is put was read at another"):
        store.put("mail", before)
    store.query("delete mail:a")
    with pytest.raises(ConflictError, match="mail:a was read, and is not there any more"):
        store.put("mail", before)


def test_another_computed_value(store: paasq.Database) -> None:
    with pytest.raises(InvalidValue, match=r"mail.year of mail:a is computed as year\(at\), which gives 2026, not 3"):
        store.put("mail", read(store) | {"year": 3})


def test_what_the_store_keeps_must_be_of_its_type(store: paasq.Database) -> None:
    with pytest.raises(InvalidValue, match="_time is kept by the store"):
        store.put("mail", {"id": "a", "_time": "yesterday"})
    with pytest.raises(ConflictError):
        store.put("mail", {"id": "a", "_version": "one"})


def test_many_records_at_once(store: paasq.Database) -> None:
    store.put("mail", [{"id": f"m{i}", "at": f"{2000 + i % 20}-06-01"} for i in range(500)])
    assert store.query("from mail | summarize n = count() by year | where year == 2007").rows == [[2007, 25]]
    with pytest.raises(InvalidValue, match=r"mail\.year of mail:y is computed"):
        store.put("mail", [{"id": "x"}, {"id": "y", "at": "2020-01-01", "year": 2021}])
    assert store.get("mail", "x") is None
