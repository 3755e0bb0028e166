"""An archive of a store: what an empty store takes back is equal, a damaged one is refused by the name of its file, and nothing
is ever half there."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from paasq_daemon.archive.dump import dump_store
from paasq_daemon.archive.load import load_archive
from paasq_daemon.instance import Instance
from paasq_daemon.store.content_digest import logical_digest
from paasq_daemon.store.store import Store
from paasq_daemon.store.store_import import StoreImport
from paasq_daemon.wire.errors import FolderInUse, FormatTooNew, PaasqError, StoreError
from paasq_daemon.wire.request import Request
from paasq_dsl.catalog import Catalog, catalog_to_json
from paasq_dsl.schema.differences import schema_changes
from paasq_dsl.schema.script import declared_schema
from properties.worlds import SmallEmbedder

STATEMENTS = """
/// Everything.
collection `odd / name` { key id: keyword  n: int default 3  x: float  done: bool  at: time  span: duration  data: bytes
  who: link<`odd / name`>  given: vector(2)  home: {city: keyword  geo: {lat: float}}  title: text(en)  tags: [keyword]
  twice: int = n * 2  v: vector(auto) from title };
collection gone { key id: keyword  text: text  v: vector(auto) from text };
view many = from `odd / name` | where n > 1;
put gone [{id: "a", text: "one"}, {id: "b", text: "two"}];
put `odd / name` [
  {id: "a", n: 1, x: 0.1, done: false, at: @2026-01-01T00:00:00.000001, span: 90min, data: base64_decode("aGk="),
   who: "b", given: [3, 4], home: {city: "Oslo", geo: {lat: 59.9}}, title: "red sea", tags: []},
  {id: "b", n: null, span: 1mo - 1h, title: "", tags: ["x", ""]},
  {id: "c", x: -0.0, given: [0.1, -1e-30], title: "green"}, {id: "ö\u0001/..", title: "漢字"}];
patch `odd / name` where id == "a" set title = "red stone";
alter collection `odd / name` add field later: keyword default "d";
delete from `odd / name` where id == "c";
put `odd / name` {id: "c", given: [1, 2], title: "again"};
alter collection `odd / name` retype field done to keyword;
alter collection `odd / name` drop field x;
drop collection gone and its records;
collection gone { key id: keyword };
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a past."""
    instance = Instance.open(tmp_path / "store", embedder=SmallEmbedder(), sync=False)
    for statement in STATEMENTS.strip().split(";\n"):
        instance.engine.query(Request(statement))
    instance.close()
    return tmp_path / "store"


def dumped(folder: Path, archive: Path, *, vectors: bool = True, history: bool = False) -> Path:
    with Store.open(folder) as store, store.read() as view:
        dump_store(view, archive, vectors=vectors, history=history)
    return archive


def content(folder: Path, *, made: bool = True) -> object:
    """Of the live records everything but ordinals; `made` tells whether vectors that are made of text count."""
    with Store.open(folder) as store, store.read() as view:
        assert store.check() == []
        found = {}
        for collection in view.catalog.collections.values():
            automatic = {f.id for f in collection.fields if f.source_fields}
            for record in view.scan(collection.id):
                vectors = {
                    field.id: next(iter(view.vectors(collection.id, field.id, [record.ordinal])))
                    for field in collection.fields
                    if made or field.id not in automatic
                }
                fields = {f.name: record.fields[f.id] for f in collection.fields if f.id in record.fields}
                own = (record.version, record.seq, record.time_us, repr(fields))
                found[collection.name, record.key] = (*own, {id_: v for id_, v in vectors.items() if v is not None})
        return view.seq, view.state.time_us, catalog_to_json(view.catalog), found


@pytest.mark.parametrize("history", [False, True])
def test_an_empty_store_takes_it_back_equal(folder: Path, tmp_path: Path, history: bool) -> None:
    archive = dumped(folder, tmp_path / "a.zip", history=history)
    counts = load_archive(archive, tmp_path / "new")
    assert counts["collections"] == {"odd / name": 4, "gone": 0}
    assert content(tmp_path / "new") == content(folder)
    again = dumped(tmp_path / "new", tmp_path / "b.zip", history=history)
    assert history is False or again.read_bytes() == archive.read_bytes()


@pytest.mark.parametrize("trimmed_before", [1, 12, 99])
def test_with_its_history_it_is_the_very_same(folder: Path, tmp_path: Path, trimmed_before: int) -> None:
    with Store.open(folder) as store:
        store.trim(trimmed_before)
    load_archive(dumped(folder, tmp_path / "a.zip", history=True), tmp_path / "new")
    digests: list[str] = []
    pasts: list[object] = []
    for each in (folder, tmp_path / "new"):
        with Store.open(each) as store, store.read() as view:
            digests.append(logical_digest(view))
            pasts.append(list(view.journal(view.journal_start - 1)))
        instance = Instance.open(each, embedder=SmallEmbedder())
        pasts.append(
            [
                instance.engine.query(Request(f"from `odd / name` as of seq {n} | sort id | select id, n, title")).rows
                for n in (14, 15)
                if trimmed_before < 99
            ]
        )
        instance.close()
    assert digests[0] == digests[1]
    assert pasts[:2] == pasts[2:]


def test_a_store_that_was_loaded_goes_on(folder: Path, tmp_path: Path) -> None:
    load_archive(dumped(folder, tmp_path / "a.zip"), tmp_path / "new")
    instance = Instance.open(tmp_path / "new", embedder=SmallEmbedder())
    try:
        before = instance.store.seq

        def ask(text: str) -> list[list[object]]:
            return instance.engine.query(Request(text)).rows

        ask('patch `odd / name` where id == "a" set n = 5')
        assert ask('from `odd / name` | where id == "a" | select n, twice, _version') == [[5, 10, 4]]
        assert instance.store.seq == before + 1
        assert ask('from `odd / name` | match title "stone" | select id') == [["a"]]
        assert len(ask('from `odd / name` | near v to "red" | select id')) == 3
        with pytest.raises(StoreError, match="history is kept from"):
            ask("from gone as of seq 3")
    finally:
        instance.close()


def test_plain_files_are_inside(folder: Path, tmp_path: Path) -> None:
    archive = dumped(folder, tmp_path / "a.zip")
    with ZipFile(archive) as plain:
        schema, wrong = declared_schema(plain.read("schema.paasq").decode())
        records = [json.loads(line) for line in plain.read("records/odd %2f name.jsonl").splitlines()]
        plain.extractall(tmp_path / "out")
    assert not wrong
    with Store.open(folder) as store, store.read() as view:
        assert schema_changes(view.catalog, schema, whole=True) == []
    first = next(record for record in records if record["id"] == "b")
    del first["_time"]
    assert first == {
        "id": "b", "n": None, "span": "1mo+-1h", "title": "", "tags": ["x", ""], "_version": 1, "_seq": 6, "_vectors": [],
    }  # fmt: skip
    owners = (tmp_path / "out/vectors/odd %2f name.given.owners.jsonl").read_text().splitlines()
    assert np.load(tmp_path / "out/vectors/odd %2f name.given.npy").tolist() == [[1, 2], [3, 4]]
    assert [json.loads(owner) for owner in owners] == ["c", "a"]


@pytest.mark.parametrize("history", [False, True])
def test_vectors_that_can_be_made_anew_may_be_left_out(folder: Path, tmp_path: Path, history: bool) -> None:
    load_archive(dumped(folder, tmp_path / "a.zip", vectors=False, history=history), tmp_path / "new")
    assert content(tmp_path / "new", made=False) == content(folder, made=False)
    instance = Instance.open(tmp_path / "new", embedder=SmallEmbedder())
    assert instance.embedding.run(seconds_max=None) == {"embedded": 3, "pending": 0}
    instance.close()


def test_a_damaged_archive_is_refused_by_the_name_of_its_file(folder: Path, tmp_path: Path) -> None:
    archive = dumped(folder, tmp_path / "a.zip", history=True)
    whole, expected = archive.read_bytes(), content(folder)
    dice, refused, named = random.Random(1), 0, True
    for at in dice.sample(range(len(whole)), 120):
        changed = bytearray(whole)
        changed[at] ^= 1 << dice.randrange(8)
        archive.write_bytes(changed)
        try:
            load_archive(archive, tmp_path / f"new{at}")
        except (StoreError, FormatTooNew) as error:
            refused += 1
            named = str(archive) in error.message and not (tmp_path / f"new{at}").exists()
        else:
            assert content(tmp_path / f"new{at}") == expected
        assert named
    assert refused > 80  # the others hit what is not read, such as the zip's own times
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        archive.write_bytes(whole[:length])
        with pytest.raises(StoreError, match="is no archive, or its list of files is damaged"):
            load_archive(archive, tmp_path / "cut")


@pytest.mark.parametrize(
    "name", ["catalog.json", "records/odd %2f name.jsonl", "vectors/odd %2f name.v.npy", "manifest.json"]
)
@pytest.mark.parametrize("damage", [lambda _: b"", lambda content: content[:-5], lambda content: b"[1]\n" + content])
def test_a_file_that_was_changed_is_named(
    folder: Path, tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    archive = dumped(folder, tmp_path / "a.zip")
    with ZipFile(archive) as whole, ZipFile(tmp_path / "b.zip", "w") as changed:
        for each in whole.namelist():
            changed.writestr(each, damage(whole.read(each)) if each == name else whole.read(each))
    with pytest.raises(StoreError, match=r"b\.zip is damaged") as refused:
        load_archive(tmp_path / "b.zip", tmp_path / "new")
    assert name in refused.value.message or "owners" in refused.value.message


def test_a_newer_archive_is_refused(folder: Path, tmp_path: Path) -> None:
    archive = dumped(folder, tmp_path / "a.zip")
    with ZipFile(archive) as whole, ZipFile(tmp_path / "b.zip", "w") as changed:
        for each in whole.namelist():
            changed.writestr(each, whole.read(each).replace(b'"format": 1', b'"format": 2'))
    with pytest.raises(FormatTooNew, match="format 2, and this paasq knows formats up to 1"):
        load_archive(tmp_path / "b.zip", tmp_path / "new")


def test_into_an_empty_store_and_no_other(folder: Path, tmp_path: Path) -> None:
    archive = dumped(folder, tmp_path / "a.zip")
    Instance.open(tmp_path / "empty").close()
    load_archive(archive, tmp_path / "empty")
    assert content(tmp_path / "empty") == content(folder)
    with pytest.raises(StoreError, match="is not an empty store"):
        load_archive(archive, tmp_path / "empty")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine").write_text("kept")
    with pytest.raises(StoreError, match="is not an empty folder"):
        load_archive(archive, tmp_path / "other")
    with Store.open(tmp_path / "used"), pytest.raises(FolderInUse):
        load_archive(archive, tmp_path / "used")


def test_an_empty_store_is_an_archive_too(tmp_path: Path) -> None:
    Store.open(tmp_path / "store").close()
    load_archive(dumped(tmp_path / "store", tmp_path / "a.zip", history=True), tmp_path / "new")
    with Store.open(tmp_path / "new") as store, store.read() as view:
        assert (view.seq, view.catalog) == (0, Catalog())


def _killed_dump(folder: Path, archive: Path, at: int) -> None:
    left = iter(range(at))

    def die() -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    with Store.open(folder) as store, store.read() as view:
        dump_store(view, archive, on_record=die)


def _killed_load(archive: Path, folder: Path, at: int) -> None:
    transaction, left = StoreImport.transaction, iter(range(at))

    def dying(store: StoreImport) -> object:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return transaction(store)

    StoreImport.transaction = dying  # type: ignore[method-assign,assignment]
    load_archive(archive, folder)


def run_and_die(target: Callable[..., None], *arguments: object) -> bool:
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    process.join()
    return process.exitcode == -signal.SIGKILL


def test_killed_it_is_whole_or_absent(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    assert run_and_die(_killed_dump, folder, archive, 6)
    assert not archive.exists()
    before = dumped(folder, archive).read_bytes()
    assert run_and_die(_killed_dump, folder, archive, 2)
    assert archive.read_bytes() == before
    at = 0
    while run_and_die(_killed_load, archive, tmp_path / "new", at):
        assert not (tmp_path / "new").exists()
        at += 1
    assert at > 3
    assert content(tmp_path / "new") == content(folder)
    shutil.rmtree(tmp_path / "new")
    load_archive(archive, tmp_path / "new")
    assert content(tmp_path / "new") == content(folder)
    assert {path.name for path in tmp_path.iterdir()} <= {"store", "a.zip", ".a.zip.unfinished", "new"}


def test_a_dump_that_fails_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    def fail() -> None:
        raise PaasqError("enough")

    with Store.open(folder) as store, store.read() as view:
        with pytest.raises(PaasqError, match="enough"):
            dump_store(view, tmp_path / "a.zip", on_record=fail)
        with pytest.raises(StoreError, match="cannot be written"):
            dump_store(view, tmp_path / "none" / "a.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_two_dumps_of_one_name_do_not_meet(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with Store.open(folder) as store, store.read() as view:

        def another() -> None:
            with pytest.raises(StoreError, match="another process is writing"):
                dump_store(view, archive)

        dump_store(view, archive, on_record=another)
    load_archive(archive, tmp_path / "new")
    assert content(tmp_path / "new") == content(folder)
