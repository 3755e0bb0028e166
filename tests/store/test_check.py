"""The audit finds what it is there to find. Damage is done below the store, through LMDB itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import lmdb
import pytest

from paasq_daemon.store.content_digest import logical_digest
from paasq_daemon.store.layout import COLLECTION_KEY, JOURNAL_KEY, RECORD_KEY, VECTOR_KEY, counters_meta_key
from paasq_daemon.store.store import Store
from paasq_daemon.store.tables import TABLE_NAMES
from paasq_daemon.wire.errors import CorruptRecord

Damage: TypeAlias = "Callable[[lmdb.Transaction[bytes], dict[str, lmdb._Database]], object]"


def move(txn: lmdb.Transaction[bytes], db: lmdb._Database, source: bytes, target: bytes) -> None:
    value = txn.get(source, db=db)
    assert value is not None
    txn.put(target, value, db=db)


def flip(txn: lmdb.Transaction[bytes], db: lmdb._Database, key: bytes) -> None:
    value = bytearray(txn.get(key, db=db) or b"")
    value[-1] ^= 1
    txn.put(key, bytes(value), db=db)


DAMAGES: dict[str, Damage] = {
    "a bit of a record": lambda t, d: flip(t, d["bodies"], RECORD_KEY.pack(1, 3)),
    "a bit of a key": lambda t, d: flip(t, d["live"], COLLECTION_KEY.pack(1) + b"k3"),
    "a bit of a vector": lambda t, d: flip(t, d["vectors"], VECTOR_KEY.pack(1, 4, 3)),
    "a bit of the journal": lambda t, d: flip(t, d["journal"], JOURNAL_KEY.pack(2, 1)),
    "a record in another's place": lambda t, d: move(t, d["bodies"], RECORD_KEY.pack(1, 3), RECORD_KEY.pack(1, 4)),
    "a record lost": lambda t, d: t.delete(RECORD_KEY.pack(1, 3), db=d["bodies"]),
    "a dead record lost": lambda t, d: t.delete(RECORD_KEY.pack(1, 0), db=d["bodies"]),
    "a key lost": lambda t, d: t.delete(COLLECTION_KEY.pack(1) + b"k3", db=d["live"]),
    "a vector lost": lambda t, d: t.delete(VECTOR_KEY.pack(1, 4, 3), db=d["vectors"]),
    "a pending mark lost": lambda t, d: t.delete(VECTOR_KEY.pack(1, 5, 3), db=d["pending"]),
    "an entry of the journal lost": lambda t, d: t.delete(JOURNAL_KEY.pack(2, 1), db=d["journal"]),
    "the last entry of the journal lost": lambda t, d: t.delete(JOURNAL_KEY.pack(3, 1), db=d["journal"]),
    "counters lost": lambda t, d: t.delete(counters_meta_key(1), db=d["meta"]),
}


def make(folder: Path) -> None:
    with Store.open(folder, sync=False) as store:
        for _ in range(2):
            store.write(lambda t: [t.put(1, f"k{n}", {1: n}, {4: b"1234", 5: None}) for n in range(2)]).result()
        store.write(lambda t: [t.put(1, f"k{n}", {1: n}, {4: b"1234", 5: None}) for n in range(2, 9)]).result()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_every_damage_is_found(tmp_path: Path, damage: Damage) -> None:
    make(tmp_path / "data")
    with Store.open(tmp_path / "data") as store:
        assert store.check() == []
    with lmdb.open(str(tmp_path / "data" / "store"), max_dbs=16) as environment:
        databases = {name: environment.open_db(stored.encode()) for stored, name in TABLE_NAMES.items()}
        with environment.begin(write=True) as txn:
            damage(txn, databases)
    with Store.open(tmp_path / "data") as store:
        findings = store.check()
    assert findings
    assert all(str(finding) for finding in findings)


def test_a_damaged_record_is_never_returned_and_can_be_replaced(tmp_path: Path) -> None:
    make(tmp_path / "data")
    with lmdb.open(str(tmp_path / "data" / "store"), max_dbs=16) as environment:
        records = environment.open_db(b"bodies")
        with environment.begin(write=True) as txn:
            flip(txn, records, RECORD_KEY.pack(1, 4))
    with Store.open(tmp_path / "data") as store:
        with store.read() as view, pytest.raises(CorruptRecord, match="checksum"):
            view.get(1, "k2")
        with store.read() as view, pytest.raises(CorruptRecord):
            list(view.scan(1))
        assert store.write(lambda t: t.put(1, "k2", {1: 2}, {})).result().value.version == 2
        assert store.write(lambda t: t.delete(1, "k2")).result().value is True


def test_the_digest_tells_contents_apart(tmp_path: Path) -> None:
    def digest(name: str, value: int) -> str:
        with Store.open(tmp_path / name, sync=False) as store:
            store.write(lambda t: t.put(1, "k", {1: value}, {})).result()
            with store.read() as view:
                return logical_digest(view)

    assert digest("a", 1) != digest("b", 2)
