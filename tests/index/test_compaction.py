"""Columns and vectors are built anew when much of them is of dead records: the files shrink, and every answer stays."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.library import CATALOG, NOTE, Model, check_equal, create, opened
from paasq_daemon.index import collection_index
from paasq_daemon.index.collection_index import CollectionIndex
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.store.store import Store


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection_index, "_DEAD_ROWS_MIN", 10)


def column_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "index").glob("*/columns/*"))


def created(store: Store, indexes: Indexes) -> None:
    """The collection, with an index that grows by what is written from now on."""
    create(store)
    with indexes.read():
        pass


def put_again(store: Store, model: Model, times: int) -> None:
    for _ in range(times):
        model.change(store, 40)


@pytest.mark.parametrize("seed", range(6))
def test_every_answer_stays_over_changes_and_restarts(tmp_path: Path, seed: int) -> None:
    model = Model(random.Random(seed))
    compacted = 0
    with opened(tmp_path) as (store, indexes):
        created(store, indexes)
    for _ in range(4):
        with opened(tmp_path) as (store, indexes):
            put_again(store, model, 3)
            compacted += indexes.compact()
            with indexes.read() as view:
                check_equal(view, model)
            put_again(store, model, 1)
            with indexes.read() as view:
                check_equal(view, model)
        with opened(tmp_path) as (store, indexes), indexes.read() as view:
            assert indexes._checkpoint_seq == store.seq  # it was read, not built
            check_equal(view, model)
    assert compacted


def test_the_files_are_as_small_as_those_of_a_new_store(tmp_path: Path) -> None:
    model = Model(random.Random(1))
    with opened(tmp_path) as (store, indexes):
        created(store, indexes)
        put_again(store, model, 60)
        with indexes.read():
            indexes.checkpoint()
        large = column_bytes(tmp_path)
        assert indexes.compact() == 1
        small = column_bytes(tmp_path)
        assert indexes.compact() == 0
    assert large > 5 * small
    with opened(tmp_path) as (_, indexes):
        index = indexes._collections[NOTE.id]
        assert (index.dead_rows, index.is_wasteful) == (0, False)
        rows = len(index.stored.kept)
        assert rows == index.live_count < index.length / 5


def test_an_open_view_keeps_what_it_saw(tmp_path: Path) -> None:
    model = Model(random.Random(2))
    with opened(tmp_path) as (store, indexes):
        created(store, indexes)
        put_again(store, model, 10)
        with indexes.read() as before:
            past = Model(model.rng, dict(model.live))
            put_again(store, model, 10)
            assert indexes.compact() == 1
            check_equal(before, past)
        with indexes.read() as after:
            check_equal(after, model)


@pytest.mark.parametrize("trimmed", [False, True])
def test_what_changes_meanwhile_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trimmed: bool) -> None:
    model = Model(random.Random(3))
    with opened(tmp_path) as (store, indexes):
        created(store, indexes)
        put_again(store, model, 10)

        def change() -> None:
            put_again(store, model, 2)
            if trimmed:
                store.trim(store.seq + 1)

        _during_build(monkeypatch, change)
        assert indexes.compact() == (0 if trimmed else 1)  # it is tried again later
        with indexes.read() as view:
            check_equal(view, model)
    with opened(tmp_path) as (_, indexes), indexes.read() as view:
        check_equal(view, model)


def test_a_collection_that_is_altered_meanwhile_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(random.Random(4))
    with opened(tmp_path) as (store, indexes):
        created(store, indexes)
        put_again(store, model, 10)
        altered = replace(NOTE, fields=tuple(f for f in NOTE.fields if f.name != "price"))
        catalog = replace(CATALOG, version=CATALOG.version + 1, collections={"note": altered})
        _during_build(monkeypatch, lambda: store.write(lambda t: t.set_catalog(catalog)).result())
        assert indexes.compact() == 0
        assert indexes.compact() == 1
        names = {path.stem for path in (tmp_path / "index" / str(NOTE.id) / "columns").iterdir()}
        assert not names & {"6.values", "6.valid"}  # files of the field that is gone
        assert "5.values" in names


def test_readers_go_on(tmp_path: Path) -> None:
    model = Model(random.Random(5))
    failed: list[BaseException] = []
    stop = threading.Event()
    with opened(tmp_path) as (store, indexes):
        created(store, indexes)
        put_again(store, model, 20)

        def read() -> None:
            try:
                while not stop.is_set():
                    with indexes.read() as view:
                        check_equal(view, model)
            except BaseException as error:  # noqa: BLE001  # the test reports it
                failed.append(error)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(10):
            assert indexes.compact([NOTE.id]) == 1
        stop.set()
        for reader in readers:
            reader.join()
    assert failed == []


def _during_build(monkeypatch: pytest.MonkeyPatch, change: Callable[[], Any]) -> None:
    build = CollectionIndex.build

    def changing(*args: Any) -> CollectionIndex:
        built = build(*args)
        change()
        monkeypatch.setattr(CollectionIndex, "build", build)
        return built

    monkeypatch.setattr(CollectionIndex, "build", changing)
