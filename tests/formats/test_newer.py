"""What a newer paasq wrote is refused before anything of it is touched; an index, which can be built anew, is built anew.

The words name the version that was found and the one that is known, and what helps. What is known by half, a stamp that is
gone or garbage, is refused too: to guess would be to misread.
"""

from __future__ import annotations

import base64
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import orjson
import pytest
from blake3 import blake3

from formats.reading import KeptEmbedder, extract
from paasq_daemon.cli.main import main
from paasq_daemon.index import checkpoint, text_index
from paasq_daemon.index.append_files import read_index_manifest, write_index_manifest
from paasq_daemon.instance import Instance
from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.manifest import list_manifests
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.entry_codec import add_checksum, decode, encode
from paasq_daemon.store.layout import (
    CATALOG_NAME,
    RECORD_KEY,
    SEQ_KEY,
    STATE_NAME,
    STORE_FORMAT_VERSION,
    counters_meta_key,
)
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import CorruptRecord, FormatTooNew, QueryError, SnapshotError, StoreError
from paasq_daemon.wire.request import Request

NEWER = STORE_FORMAT_VERSION + 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return extract(Path(__file__).parent / "format1" / "store.tar.xz", tmp_path)


def contents(folder: Path) -> dict[str, object]:
    """Every name in the folder, its mode, the time of its last change, and what it holds."""
    found: dict[str, object] = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        status = path.stat()
        held = blake3(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (status.st_mode, status.st_mtime_ns, status.st_ino, held)
    return found


def stamp(folder: Path, content: str | bytes | None) -> None:
    path = folder / "format"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)


# The store


def test_a_newer_store_is_refused_and_not_a_byte_of_it_changes(folder: Path) -> None:
    stamp(folder, json.dumps({"store_format": NEWER, "since": "later"}))
    folder.chmod(0o755)  # which opening would mend
    before = contents(folder)
    for opened in (Store.open, Instance.open):
        with pytest.raises(
            FormatTooNew, match=f"format {NEWER}, and this paasq knows formats up to {STORE_FORMAT_VERSION}"
        ) as e:
            opened(folder)
        assert "newer" in e.value.hint
    assert contents(folder) == before


def test_a_newer_store_with_nothing_that_we_know_in_it_gets_nothing_made(tmp_path: Path) -> None:
    stamp(tmp_path, json.dumps({"store_format": NEWER}))
    before = contents(tmp_path)
    with pytest.raises(FormatTooNew):
        Instance.open(tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "from note"), ("query", 'put jot {line: "x"}'), ("status",), ("embed",), ("serve",),
        ("import", "jot", "x.jsonl"), ("snapshot", "create", "a"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_touches_a_newer_store(
    folder: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stamp(folder, json.dumps({"store_format": NEWER}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAASQ_DATA", str(folder))
    (tmp_path / "x.jsonl").write_text('{"line": "x"}\n')
    monkeypatch.setattr(sys, "argv", ["paasq", *arguments])
    before = contents(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert f"format {NEWER}" in said
    assert "use the paasq that wrote it, or a newer one" in said
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "garbage",
    [
        b"", b"{}", b"[1]", b"1", b"\x00" * 19, b"\xff\xfe", b'{"store_format": "2"}', b'{"store_format": null}',
        b'{"store_format": true}', b'{"store_format": 1.0}', b'{"store_format": 0}', b'{"store_format": -1}', b"[" * 100_000,
    ],
    ids=lambda garbage: repr(garbage[:24]),
)  # fmt: skip
def test_a_garbage_stamp_is_no_guess(folder: Path, garbage: bytes) -> None:
    stamp(folder, garbage)
    before = contents(folder)
    with pytest.raises(StoreError, match="is damaged") as refused:
        Store.open(folder)
    assert not isinstance(refused.value, FormatTooNew)
    assert f'{{"store_format": {STORE_FORMAT_VERSION}}}' in refused.value.hint
    assert contents(folder) == before


def test_a_store_without_its_stamp_is_not_taken_for_a_new_one(folder: Path) -> None:
    stamp(folder, None)
    before = contents(folder)
    with pytest.raises(StoreError, match="is gone"):
        Store.open(folder)
    assert contents(folder) == before
    stamp(folder, json.dumps({"store_format": STORE_FORMAT_VERSION}))  # as the hint says
    with Store.open(folder) as store:
        assert store.check() == []


def test_a_store_that_was_not_made_to_its_end_is_made(tmp_path: Path) -> None:
    Store.open(tmp_path / "data").close()
    stamp(tmp_path / "data", None)
    with Store.open(tmp_path / "data") as store:
        assert store.seq == 0
        assert store.write(lambda t: t.put(1, "k", {}, {})).result().seq == 1


def test_an_empty_data_file_without_a_stamp_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "data.mdb").touch()
    with Store.open(tmp_path) as store:
        assert store.seq == 0


def test_tables_of_other_names_are_refused_whatever_the_stamp_says(folder: Path) -> None:
    data_file = folder / "store" / "data.mdb"
    shutil.rmtree(folder / "store")
    with lmdb.open(str(folder / "store"), max_dbs=16) as environment, environment.begin(write=True) as txn:
        txn.put(b"format", b"2", db=environment.open_db(b"meta2", txn=txn))
    before = data_file.read_bytes()
    with pytest.raises(StoreError, match="cannot be used"):
        Store.open(folder)
    assert data_file.read_bytes() == before


# The entries of the data file


def replaced(folder: Path, table: str, key: bytes, payload: bytes, *, envelope: int | None = None) -> None:
    """Put an entry as a newer paasq might have: its checksum holds."""
    seed = ("meta", "records", "keys", "vectors", "pending", "journal").index(table)
    sealed = add_checksum(seed, key, payload)
    sealed = sealed if envelope is None else bytes([envelope]) + sealed[1:]
    with lmdb.open(str(folder / "store"), max_dbs=16) as environment:
        database = environment.open_db(table.encode(), create=False)
        with environment.begin(write=True) as txn:
            assert txn.get(key, db=database) is not None
            txn.put(key, sealed, db=database)


def some_record(view: ReadView) -> bytes:
    record = view.get(view.catalog.collections["note"].id, "boats")
    assert record is not None
    return RECORD_KEY.pack(record.collection_id, record.ordinal)


def body(view: ReadView) -> list[Any]:
    found: list[Any] = decode(view.tables.records.get(view.txn, some_record(view)) or b"")
    return found


ENTRIES: dict[str, tuple[str, Callable[[ReadView], bytes], Callable[[ReadView], Any]]] = {
    "a record of more parts": ("records", some_record, lambda view: [*body(view), "by an agent"]),
    "a record of other parts": ("records", some_record, lambda _: {"key": "boats"}),
    "a change of another kind": ("journal", lambda _: SEQ_KEY.pack(30), lambda _: [0, [["forget", 1, "", 0, None, None]]]),
    "a change of more parts": ("journal", lambda _: SEQ_KEY.pack(30), lambda _: [0, [["put", 1, "", 0, None, None, "by"]]]),
    "an entry of more parts": ("journal", lambda _: SEQ_KEY.pack(30), lambda _: [0, [], "by"]),
    "a catalog with a type that is to come": (
        "meta", lambda _: CATALOG_NAME,
        lambda _: {"version": 99, "collections": [
            {"id": 1, "name": "kinds", "key": "id", "doc": "", "field_ids_given": 1, "fields": [
                {"id": 1, "name": "id", "type": {"kind": "uuid"}, "sources": []}]}]},
    ),
    "a catalog with a rule that is to come": (
        "meta", lambda _: CATALOG_NAME,
        lambda _: {"version": 99, "collections": [
            {"id": 1, "name": "kinds", "key": "id", "doc": "", "field_ids_given": 1, "fields": [], "keep": "90d"}]},
    ),
    "a catalog of another shape": ("meta", lambda _: CATALOG_NAME, lambda _: {}),
    "counters of a collection, more": ("meta", lambda _: counters_meta_key(1), lambda _: [1, 2, 3, {}, {}, b"live keys"]),
    "counters of the store, more": ("meta", lambda _: STATE_NAME, lambda view: [view.seq, 0, 1, "more"]),
}  # fmt: skip


def read_all(folder: Path) -> None:
    with Store.open(folder) as store, store.read() as view:
        note = view.catalog.collections["note"].id
        view.all_collection_counters()
        view.get(note, "boats")
        for _ in view.journal(view.journal_start - 1):
            pass


@pytest.mark.parametrize(("table", "key", "payload"), ENTRIES.values(), ids=ENTRIES.keys())
def test_an_entry_of_a_newer_shape_is_never_half_read(
    folder: Path, table: str, key: Callable[[ReadView], bytes], payload: Callable[[ReadView], Any]
) -> None:
    with Store.open(folder) as store, store.read() as view:
        name, content = key(view), encode(payload(view))
    replaced(folder, table, name, content)
    with pytest.raises(CorruptRecord, match="does not know") as refused:
        read_all(folder)
    assert "newer paasq" in refused.value.hint


def test_an_entry_in_a_newer_envelope_says_so(folder: Path) -> None:
    with Store.open(folder) as store, store.read() as view:
        key, note = some_record(view), view.catalog.collections["note"].id
    replaced(folder, "records", key, encode(["boats"]), envelope=0xA2)
    with Store.open(folder) as store, store.read() as view:
        with pytest.raises(CorruptRecord, match="envelope version 0xa2, and this paasq knows 0xa1"):
            view.get(note, "boats")
        assert view.get(note, "salt") is not None


# Snapshots


def manifest_path(folder: Path, name: str) -> Path:
    return folder / "snapshots" / "manifests" / f"{name}.json"


def rewrite(folder: Path, name: str, **changes: Any) -> None:
    """A manifest as a newer paasq would have made it: its hash holds."""
    path = manifest_path(folder, name)
    manifest = {**json.loads(path.read_bytes())["manifest"], **changes}

    def canonical(data: Any) -> bytes:
        return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    path.write_bytes(canonical({"manifest": manifest, "hash": blake3(canonical(manifest)).hexdigest()}))


def test_a_newer_snapshot_is_refused_by_all_that_read_it_and_kept(folder: Path, tmp_path: Path) -> None:
    target, into = LocalStorage(folder / "snapshots"), tmp_path / "into"
    rewrite(folder, "first", snapshot_format=2, encrypted=True)
    before = contents(target.folder)
    words = "snapshot 'first' has format 2, and this paasq knows formats up to 1"
    with pytest.raises(FormatTooNew, match=words):
        restore_snapshot(target, "first", into)
    assert verify_snapshot(target, "first").findings == [words]
    with pytest.raises(FormatTooNew, match=words):
        delete_snapshots(target, [])
    assert [manifest.name for manifest in list_manifests(target)] == ["second"]
    assert not into.exists()
    (target.folder / "lock").unlink()  # sweep makes one, and folders
    for name in ("annotations", "journal"):
        (target.folder / name).rmdir()
    after = contents(target.folder)
    assert {name: after[name] for name in after if name != str(target.folder)} == {
        name: before[name] for name in before if name != str(target.folder)
    }


def test_beside_a_newer_snapshot_others_can_be_made(folder: Path) -> None:
    rewrite(folder, "second", snapshot_format=2)
    newer = manifest_path(folder, "second").read_bytes()
    with Store.open(folder) as store:
        with pytest.raises(SnapshotError, match="already"):
            create_snapshot(store, LocalStorage(folder / "snapshots"), "second")
        assert create_snapshot(store, LocalStorage(folder / "snapshots"), "third").parent is not None
    assert verify_snapshot(LocalStorage(folder / "snapshots"), "third").findings == []
    assert manifest_path(folder, "second").read_bytes() == newer


def test_a_snapshot_of_a_newer_store_is_whole_and_cannot_be_restored(folder: Path, tmp_path: Path) -> None:
    rewrite(folder, "first", store_format=NEWER)
    before = contents(folder)
    with pytest.raises(FormatTooNew, match=f"the store in snapshot 'first' has format {NEWER}"):
        restore_snapshot(LocalStorage(folder / "snapshots"), "first", tmp_path / "into")
    assert not (tmp_path / "into").exists()
    assert contents(folder) == before
    assert verify_snapshot(LocalStorage(folder / "snapshots"), "first").findings == []


def test_a_restored_store_has_the_stamp_of_the_store_that_was_captured(folder: Path, tmp_path: Path) -> None:
    restore_snapshot(LocalStorage(folder / "snapshots"), "first", tmp_path / "into")
    assert json.loads((tmp_path / "into" / "format").read_bytes()) == {"store_format": 1}


@pytest.mark.parametrize("changes", [{"snapshot_format": "2"}, {"snapshot_format": None}, {"signed_by": "me"}])
def test_a_manifest_that_is_known_by_half_is_not_believed(
    folder: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    rewrite(folder, "first", **changes)
    with pytest.raises(SnapshotError, match="was changed"):
        restore_snapshot(LocalStorage(folder / "snapshots"), "first", tmp_path / "into")


# What is derived


def asked(folder: Path) -> list[Any]:
    """Answers that need columns, vectors and every text index that the store was kept with."""
    instance = Instance.open(folder, embedder=KeptEmbedder(), sync=False)
    texts = [f'from {name} | match "{word}" | sort id | select id, _version' for name, word in WORDS.items()]
    found = [
        instance.engine.query(Request(text)).rows
        for text in (*texts, "from reading | near spot to [1, 2, 3, 4] | take 3")
    ]
    instance.close()
    assert all(found)
    return found


WORDS = {"kinds": "fox", "note": "night", "script": "ночной"}


@pytest.mark.parametrize("format_", [None, 0, "1", 99, [1]], ids=repr)
def test_an_index_of_an_unknown_format_is_built_anew_and_never_read(folder: Path, format_: object) -> None:
    expected = asked(folder)
    known = {"columns.json": checkpoint.CHECKPOINT_FORMAT_VERSION, "paasq.json": text_index.TEXT_INDEX_FORMAT_VERSION}
    manifests = [path for name in known for path in (folder / "index").rglob(name)]
    assert len(manifests) >= 2
    for path in manifests:
        body = read_index_manifest(path, known[path.name]) | {"format": format_}
        if format_ is None:
            del body["format"]
        write_index_manifest(path, body)
    for path in (folder / "index").rglob("*"):
        if path.is_file() and path.name not in known:
            path.write_bytes(b"of a layout that is to come")
    assert asked(folder) == expected
    for path in manifests:
        assert read_index_manifest(path, known[path.name])


def test_an_index_manifest_that_is_no_object_is_not_believed(folder: Path) -> None:
    write_index_manifest(folder / "index" / "columns.json", [1])  # type: ignore[arg-type]
    instance = Instance.open(folder, embedder=KeptEmbedder(), sync=False)
    assert instance.engine.query(Request("from jot")).rows
    instance.close()


# Cursors


@pytest.mark.parametrize(
    "change", [lambda held: [*held, 2], lambda held: ["0" * 18, *held[1:]], lambda held: held[:-1]]
)
def test_a_cursor_of_another_paasq_is_refused(folder: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    instance = Instance.open(folder, embedder=KeptEmbedder(), sync=False)
    cursor = instance.engine.query(Request("from reading | sort id | page 5")).cursor
    assert cursor is not None
    held = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    other = base64.urlsafe_b64encode(orjson.dumps(change(held))).decode().rstrip("=")
    with pytest.raises(QueryError, match="cursor"):
        instance.engine.query(Request("from reading | sort id | page 5 after $at", {"at": other}))
    watched = instance.engine.watch(Request("watch from jot | select line"))
    watched.close()
    with pytest.raises(QueryError, match="cursor"):
        instance.engine.watch(Request("watch from jot | select line after $at", {"at": other}))
    instance.close()
    shutil.rmtree(folder)
