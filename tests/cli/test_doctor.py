"""`paasq doctor` finds each kind of damage, and `--repair` mends what a snapshot, the journal or the rest of the store has."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import lmdb
import pytest
import xxhash

from cli.conftest import Paasq
from paasq_daemon.index.append_files import read_index_manifest, write_index_manifest
from paasq_daemon.index.checkpoint import CHECKPOINT_FORMAT_VERSION
from paasq_daemon.instance import Instance
from paasq_daemon.store.layout import (
    CATALOG_NAME,
    COLLECTION_KEY,
    JOURNAL_KEY,
    RECORD_KEY,
    SEQ_KEY,
    STATE_NAME,
    VECTOR_KEY,
    counters_meta_key,
)
from paasq_daemon.store.page_walk import walk_data_file
from paasq_daemon.store.store import Store
from paasq_daemon.store.tables import TABLE_NAMES
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

Damage: TypeAlias = "Callable[[lmdb.Transaction[bytes], dict[str, lmdb._Database]], object]"
SCHEMA = """
collection note { key id: keyword  title: text(en)  n: int  mail: keyword unique  to: link<note>  v: vector(2)
                  auto: vector(auto) from title };
put note [{id: "a", title: "alpha", n: 1, mail: "a", v: [1, 2]},
          {id: "b", title: "beta", n: 2, mail: "b", v: [3, 4], to: "a"},
          {id: "c", title: "gamma", n: 3, mail: "c", v: [5, 6]}];
patch note:b set n = 20;
delete note:c;
"""
ASKED = "from note | sort id | select id, title, n, mail, to, v, _version, _seq"
B = 3  # the ordinal of b's second version


def flip(txn: lmdb.Transaction[bytes], db: lmdb._Database, key: bytes) -> None:
    value = bytearray(txn.get(key, db=db) or b"")
    value[-1] ^= 1
    txn.put(key, bytes(value), db=db)


ENTRIES = {
    "bodies": RECORD_KEY.pack(1, B),
    "live": COLLECTION_KEY.pack(1) + b"b",
    "vectors": VECTOR_KEY.pack(1, 6, B),
    "journal": JOURNAL_KEY.pack(2, 1),
    "meta": counters_meta_key(1),
}
DAMAGES: dict[str, Damage] = {  # mypy does not infer a lambda with defaults
    **{f"a bit in {t}": lambda txn, d, t=t, k=k: flip(txn, d[t], k) for t, k in ENTRIES.items()},  # type: ignore[misc]
    **{f"one lost in {t}": lambda txn, d, t=t, k=k: txn.delete(k, db=d[t]) for t, k in ENTRIES.items()},  # type: ignore[misc]
    "a bit of an automatic vector": lambda txn, d: flip(txn, d["vectors"], VECTOR_KEY.pack(1, 7, B)),
    "a bit of a past version": lambda txn, d: flip(txn, d["bodies"], RECORD_KEY.pack(1, 1)),
    "a bit of the catalog": lambda txn, d: flip(txn, d["meta"], CATALOG_NAME),
    "a bit of the store's counters": lambda txn, d: flip(txn, d["meta"], STATE_NAME),
    "a deleted key that came back": lambda txn, d: txn.put(
        COLLECTION_KEY.pack(1) + b"c", txn.get(COLLECTION_KEY.pack(1) + b"a", db=d["live"]) or b"", db=d["live"]
    ),
}


def ask(folder: Path, text: str) -> list[list[object]]:
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
    try:
        instance.embedding.run(seconds_max=None)
        return instance.engine.query(Request(text)).rows
    finally:
        instance.close()


def damage_below(folder: Path, damage: Damage) -> None:
    with lmdb.open(str(folder / "store"), max_dbs=16) as environment:
        databases = {name: environment.open_db(stored.encode()) for stored, name in TABLE_NAMES.items()}
        with environment.begin(write=True) as txn:
            damage(txn, databases)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_with_a_snapshot_everything_is_as_it_was(folder: Path, command: Paasq, damage: Damage) -> None:
    ask(folder, SCHEMA)
    expected, near = ask(folder, ASKED), 'from note | near auto to "beta" | select id'
    neighbours = ask(folder, near)
    assert command("doctor").code == 0
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
    instance.snapshots.create("whole")
    instance.close()
    damage_below(folder, damage)
    outcome = command("doctor", "--json")
    assert outcome.code == 1, outcome.out
    assert not outcome.json["sound"]
    assert sum(part["found"] for part in outcome.json["parts"])
    repaired = command("doctor", "--repair", "--json")
    assert repaired.code == 0, repaired.out
    assert repaired.json["repair"]["lost"] == repaired.json["repair"]["older"] == []
    assert Path(repaired.json["repair"]["damaged_file"]).is_file()
    assert ask(folder, ASKED) == expected
    assert ask(folder, near) == neighbours
    assert ask(folder, 'put note {id: "d", title: "delta", mail: "d", v: [1, 1]}; from note | select id') == [
        ["a"],
        ["b"],
        ["d"],
    ]
    assert command("doctor").code == 0


def test_without_a_snapshot_the_version_before_comes_back_and_is_said_by_key(folder: Path, command: Paasq) -> None:
    ask(folder, SCHEMA)
    damage_below(folder, DAMAGES["a bit in bodies"])
    outcome = command("doctor", "--repair", "--json")
    assert outcome.code == 0
    (said,) = outcome.json["repair"]["older"]
    assert said.startswith("note:b: version 2 is damaged")
    assert ask(folder, "from note | select id, n, _version, v") == [["a", 1, 1, [1, 2]], ["b", 2, 3, [3, 4]]]


def test_what_nothing_has_is_said_by_key_and_can_be_put_anew(folder: Path, command: Paasq) -> None:
    ask(folder, SCHEMA)
    damage_below(folder, lambda txn, d: flip(txn, d["bodies"], RECORD_KEY.pack(1, 0)))
    outcome = command("doctor", "--repair")
    assert outcome.code == 1
    assert "can't be mended: note:a: version 1 is damaged" in outcome.out
    assert ask(folder, "from note | select id") == [["b"]]
    ask(folder, 'put note {id: "a", title: "new", mail: "a", v: [1, 2]}')
    assert command("doctor").code == 0


def test_lost_journal_entries_end_history_and_no_more(folder: Path, command: Paasq) -> None:
    ask(folder, SCHEMA)
    expected = ask(folder, ASKED)
    damage_below(folder, DAMAGES["one lost in journal"])
    outcome = command("doctor", "--repair", "--json")
    assert outcome.code == 0
    assert outcome.json["repair"]["lost"] == ["entries of the journal: history of note begins after sequence number 2"]
    assert ask(folder, ASKED) == expected


def test_a_damaged_page_of_the_tree_costs_nothing(folder: Path, command: Paasq) -> None:
    """Its entries are found again by their checksums."""
    with Store.open(folder, sync=False) as store:
        store.write(lambda t: [t.put(1, f"k{n}", {1: "x" * 100}, {}) for n in range(500)]).result()
    ask(folder, SCHEMA.replace("note", "other"))
    data = folder / "store" / "data.mdb"
    raw = bytearray(data.read_bytes())
    branches = [
        at
        for at in range(8192, len(raw), 4096)
        if raw[at + 10] == 1 and int.from_bytes(raw[at : at + 8], "little") == at >> 12
    ]
    used = [at for at in branches if damaged_at(data, raw, at)]
    assert used
    for at in used:
        shutil.copytree(folder, folder.with_name(f"copy{at}"))
        copy = folder.with_name(f"copy{at}")
        whole = bytearray(raw)
        whole[at + 16] ^= 4  # where its first node is
        (copy / "store" / "data.mdb").write_bytes(whole)
        assert command("doctor", "--data", copy).code == 1
        outcome = command("doctor", "--repair", "--json", "--data", copy)
        assert (outcome.code, outcome.json["repair"]["lost"]) == (0, []), outcome.out
        assert outcome.json["repair"]["found_again"] > 0
        with Store.open(copy) as store, store.read() as view:
            assert len(list(view.scan(1))) == 502  # and the two of the schema, whose collection has the same number


def damaged_at(data: Path, raw: bytearray, at: int) -> bool:
    changed = bytearray(raw)
    changed[at + 16] ^= 4
    data.write_bytes(changed)
    found = walk_data_file(data).faults
    data.write_bytes(raw)
    return bool(found)


def test_an_index_that_tells_something_else_is_found_and_built_anew(folder: Path, command: Paasq) -> None:
    """A file of a right checksum and wrong content, as an error of the program would leave it."""
    ask(folder, SCHEMA)
    ask(folder, ASKED)
    manifest = folder / "index" / "columns.json"
    body = read_index_manifest(manifest, CHECKPOINT_FORMAT_VERSION)
    saved = body["collections"]["1"]["files"]
    stamp = next(stamp for name, stamp in saved.items() if name.startswith("3.") and stamp[1])
    path = folder / "index" / "1" / "columns" / stamp[0]
    raw = bytearray(path.read_bytes())
    raw[0] ^= 1
    path.write_bytes(raw)
    outcome = command("doctor", "--json")
    assert [part["part"] for part in outcome.json["parts"] if part["found"]] == ["columns"], outcome.out
    stamp[2] = xxhash.xxh3_64_hexdigest(bytes(raw))
    write_index_manifest(manifest, body)
    outcome = command("doctor", "--json")
    assert [part["part"] for part in outcome.json["parts"] if part["found"]] == ["columns"], outcome.out
    assert "another in the index" in outcome.out
    assert command("doctor", "--repair").code == 0
    assert command("doctor").code == 0


def test_it_is_refused_beside_a_process_that_has_the_store_open(folder: Path, command: Paasq) -> None:
    with Store.open(folder):
        outcome = command("doctor")
    assert outcome.code == 1
    assert "PQ8002" in outcome.err


def test_two_records_of_one_unique_value_and_a_link_to_nothing(folder: Path, command: Paasq) -> None:
    ask(folder, SCHEMA)
    with Store.open(folder) as store:
        store.write(lambda t: t.put(1, "x", {1: "x", 2: "t", 4: "a", 5: "nobody"}, {})).result()
    outcome = command("doctor", "--json")
    assert [part["part"] for part in outcome.json["parts"] if part["found"]] == ["unique"]


def test_a_repair_brings_nothing_back_that_was_forgotten(folder: Path, command: Paasq) -> None:
    ask(folder, SCHEMA)
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
    instance.snapshots.create("whole")
    instance.close()
    ask(folder, "forget note:b")
    assert command("doctor").code == 0

    def damage(txn: lmdb.Transaction[bytes], databases: dict[str, lmdb._Database]) -> None:
        txn.delete(JOURNAL_KEY.pack(2, 1), db=databases["journal"])  # the snapshot has it, with the key
        flip(txn, databases["bodies"], RECORD_KEY.pack(1, 0))

    damage_below(folder, damage)
    repaired = command("doctor", "--repair", "--json")
    assert repaired.code == 0, repaired.out
    assert repaired.json["repair"]["lost"] == []
    assert any("journal" in said for said in repaired.json["repair"]["mended"])
    assert ask(folder, "from note | select id") == [["a"]]
    for seq in range(2, 6):
        assert ["b"] not in ask(folder, f"from note as of seq {seq} | select id")
    assert b"beta" not in (folder / "store" / "data.mdb").read_bytes()
    assert command("doctor").code == 0


@pytest.mark.parametrize("at", [20, 16, 24, 128], ids=["version", "magic", "address", "root of the tables"])
def test_a_bit_of_the_newest_header_costs_nothing_acknowledged(folder: Path, command: Paasq, at: int) -> None:
    ask(folder, SCHEMA)
    expected = ask(folder, 'put note {id: "last", title: "last", n: 9, mail: "z", v: [5, 6]}; ' + ASKED)
    data = folder / "store" / "data.mdb"
    raw = bytearray(data.read_bytes())
    newest = max((0, 4096), key=lambda page: int.from_bytes(raw[page + 144 : page + 152], "little"))
    raw[newest + at] ^= 2
    data.write_bytes(raw)
    outcome = command("doctor", "--repair", "--json")
    assert outcome.json["repair"]["lost"] == []
    assert ask(folder, ASKED) == expected


def test_where_the_newest_header_is_beyond_use_what_may_lack_is_said(folder: Path, command: Paasq) -> None:
    ask(folder, SCHEMA)
    ask(folder, 'put note {id: "last", title: "last", n: 9, mail: "z", v: [5, 6]}')
    data = folder / "store" / "data.mdb"
    raw = bytearray(data.read_bytes())
    newest = max((0, 4096), key=lambda page: int.from_bytes(raw[page + 144 : page + 152], "little"))
    raw[newest : newest + 152] = b"\xa5" * 152
    data.write_bytes(raw)
    outcome = command("doctor", "--repair", "--json")
    assert "maybe what was written last" in str(outcome.json["repair"]["lost"])


def test_lost_receipts_are_said_and_their_numbers_not_given_again(folder: Path, command: Paasq) -> None:
    ask(folder, SCHEMA)
    ask(folder, "forget note:a")
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
    instance.snapshots.create("whole")
    instance.close()
    ask(folder, "forget note:b")
    first, second, tombstone = (b"forget/" + SEQ_KEY.pack(1), b"forget/" + SEQ_KEY.pack(2), RECORD_KEY.pack(1, B))
    (before,) = (each for each in ask(folder, "show forgotten") if each[0] == 1)

    def damage(txn: lmdb.Transaction[bytes], databases: dict[str, lmdb._Database]) -> None:
        for key in (first, second):
            flip(txn, databases["meta"], key)
        flip(txn, databases["forgotten"], tombstone)

    damage_below(folder, damage)
    repaired = command("doctor", "--repair", "--json").json["repair"]
    assert repaired["mended"] == ["the receipt of forget 1: from snapshot 'whole'"]
    assert sorted(repaired["lost"]) == [
        "the receipt of forget 2",
        f"the tombstone of a past version in note (ordinal {B})",
    ]
    assert ask(folder, "show forgotten") == [before]
    assert ask(folder, "forget note:c")[0][0] == 3
    assert command("doctor").code == 0


def test_tombstones_say_how_many_receipts_there_were(folder: Path, command: Paasq) -> None:
    ask(folder, SCHEMA)
    ask(folder, "forget note:a")
    ask(folder, "forget note:b")

    def damage(txn: lmdb.Transaction[bytes], databases: dict[str, lmdb._Database]) -> None:
        txn.delete(b"forget/" + SEQ_KEY.pack(2), db=databases["meta"])
        flip(txn, databases["bodies"], RECORD_KEY.pack(1, 2))

    damage_below(folder, damage)
    assert "the receipt of forget 2" in command("doctor", "--repair", "--json").json["repair"]["lost"]
    assert ask(folder, "forget note:c")[0][0] == 3
