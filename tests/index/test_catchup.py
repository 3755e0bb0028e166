"""Columns and vectors follow the store: change by change, over restarts, damage and catalog changes."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from index.library import CATALOG, NOTE, Model, check_equal, create, opened, values_of
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import StoreError
from paasq_dsl.catalog import Field
from paasq_dsl.types import INT, KEYWORD


@pytest.mark.parametrize("seed", range(6))
def test_follows_every_change_and_restart(tmp_path: Path, seed: int) -> None:
    model = Model(random.Random(seed))
    with opened(tmp_path) as (store, indexes):
        create(store)
        for _ in range(8):
            model.change(store, 15)
            with indexes.read() as view:
                check_equal(view, model)
        indexes.checkpoint()
        model.change(store, 20)  # after the checkpoint: the next start must replay these
        with indexes.read() as view:
            check_equal(view, model)
        indexes._checkpoint_seq = 10**9
        indexes.checkpoint = lambda: None  # type: ignore[method-assign]  # as if killed: no checkpoint at the close
    for _ in range(3):
        with opened(tmp_path) as (store, indexes), indexes.read() as view:
            assert view.seq == store.seq
            check_equal(view, model)
        with opened(tmp_path) as (store, indexes):
            model.change(store, 7)
            with indexes.read() as view:
                check_equal(view, model)


def test_an_open_view_keeps_what_it_saw(tmp_path: Path) -> None:
    model = Model(random.Random(1))
    with opened(tmp_path) as (store, indexes):
        create(store)
        model.change(store, 100)
        with indexes.read() as before:
            past = Model(model.rng, dict(model.live))
            statistics = before.collection("note").statistics("stars")
            model.change(store, 200)
            with indexes.read() as after:
                check_equal(after, model)
            check_equal(before, past)
            assert before.collection("note").statistics("stars") == statistics


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / "index").rglob("*") if p.is_file() and "text" not in p.parts)


def test_a_flipped_byte_in_any_file_is_found_and_mended(tmp_path: Path) -> None:
    model = Model(random.Random(2))
    with opened(tmp_path) as (store, indexes):
        create(store)
        model.change(store, 120)
        with indexes.read() as view:
            check_equal(view, model)
    files = [path for path in _files(tmp_path) if path.stat().st_size]
    assert len(files) > 25
    for number, name in enumerate(files):
        [path] = name.parent.glob(
            f"{name.stem}.*" if name.parent.name == "columns" else name.name
        )  # mended, by a new file
        raw = bytearray(path.read_bytes())
        raw[(number * 7919) % len(raw)] ^= 1 << number % 8
        path.write_bytes(raw)
        with opened(tmp_path) as (_, indexes), indexes.read() as view:
            check_equal(view, model)


@pytest.mark.parametrize("damage", ["truncate", "remove", "lengthen"])
def test_a_file_of_another_size_is_mended(tmp_path: Path, damage: str) -> None:
    model = Model(random.Random(3))
    with opened(tmp_path) as (store, _):
        create(store)
        model.change(store, 60)
    for path in _files(tmp_path):
        raw = path.read_bytes()
        if damage == "remove":
            path.unlink()
        else:
            path.write_bytes(raw[: len(raw) // 2] if damage == "truncate" else raw + b"torn write")
        with opened(tmp_path) as (store, indexes):
            with indexes.read() as view:
                check_equal(view, model)
            model.change(store, 2)
        with opened(tmp_path) as (_, indexes), indexes.read() as view:
            check_equal(view, model)


def test_a_checkpoint_ahead_of_the_store_is_not_believed(tmp_path: Path) -> None:
    with opened(tmp_path / "a") as (store, indexes):
        create(store)
        Model(random.Random(4)).change(store, 90)
    model = Model(random.Random(5))
    with opened(tmp_path / "b") as (store, _):
        create(store)
        model.change(store, 9)
    (tmp_path / "b" / "index").rename(tmp_path / "b" / "old")
    (tmp_path / "a" / "index").rename(tmp_path / "b" / "index")
    with opened(tmp_path / "b") as (_, indexes), indexes.read() as view:
        check_equal(view, model)


def test_a_trimmed_journal_means_a_rebuild(tmp_path: Path) -> None:
    model = Model(random.Random(6))
    with opened(tmp_path) as (store, _):
        create(store)
        model.change(store, 60)
    with Store.open(tmp_path, sync=False) as store:
        model.change(store, 60)
        store.trim(store.seq)
    with opened(tmp_path) as (_, indexes), indexes.read() as view:
        check_equal(view, model)


def test_a_new_field_reads_as_its_default(tmp_path: Path) -> None:
    model = Model(random.Random(7))
    extra = (Field(20, "venue", KEYWORD), Field(21, "rank", INT, default=7))
    wider = replace(NOTE, fields=(*NOTE.fields, *extra))
    with opened(tmp_path) as (store, indexes):
        create(store)
        model.change(store, 40)
        with indexes.read() as before:
            create(store, CATALOG.with_collection(wider))
            model.change(store, 10)
            with indexes.read() as after:
                check_equal(after, model)
                note = after.collection("note")
                assert set(values_of(note.column("venue"))) == {None}
                assert {v for v, a in zip(values_of(note.column("rank")), note.live, strict=True) if a} == {7}
            with pytest.raises(KeyError, match="rank"):
                before.collection("note").column("rank")
    with opened(tmp_path) as (_, indexes), indexes.read() as view:
        assert view.collection("note").statistics("rank").distinct == 1


def test_a_field_of_another_type_is_read_anew(tmp_path: Path) -> None:
    retyped = replace(NOTE, fields=tuple(replace(f, default="none") if f.name == "kind" else f for f in NOTE.fields))
    with opened(tmp_path) as (store, indexes):
        create(store)
        store.write(lambda transaction: transaction.put(NOTE.id, "x", {1: "x"}, {})).result()
        with indexes.read() as view:
            assert values_of(view.collection("note").column("kind")) == [None]
        create(store, CATALOG.with_collection(retyped))
        with indexes.read() as view:
            assert values_of(view.collection("note").column("kind")) == ["none"]


def _put_vector(key: str, vector: bytes, transaction: WriteTransaction) -> None:
    transaction.put(NOTE.id, key, {}, {14: vector})


def _set_pending(ordinal: int, transaction: WriteTransaction) -> None:
    transaction.mark_vector_pending(NOTE.id, 14, ordinal)


def test_vectors_of_a_new_model_replace_all_old_ones(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        for key in "ab":
            vector = np.ones(4, np.float32).tobytes()
            store.write(partial(_put_vector, key, vector)).result()
        with indexes.read() as view:
            assert view.collection("note").vectors("embedding").size == 4
        for ordinal in (0, 1):
            store.write(partial(_set_pending, ordinal)).result()
        with indexes.read() as view:
            assert view.collection("note").vectors("embedding").count == 0
        store.write(lambda t: t.put_vector(NOTE.id, 14, 1, np.ones(6, np.float32).tobytes())).result()
        with indexes.read() as view:
            vectors = view.collection("note").vectors("embedding")
            assert (vectors.size, vectors.count) == (6, 1)
    with opened(tmp_path) as (store, indexes):
        with indexes.read() as view:
            assert view.collection("note").vectors("embedding").count == 1
        store.write(lambda t: t.put_vector(NOTE.id, 14, 0, np.ones(3, np.float32).tobytes())).result()
        with indexes.read() as view, pytest.raises(StoreError, match="different lengths"):
            view.collection("note")


def test_a_full_disk_does_not_stop_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(random.Random(8))
    monkeypatch.setattr("paasq_daemon.index.index_manager.CHECKPOINT_INTERVAL_SEQS", 1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with opened(tmp_path) as (store, indexes):
        create(store)
        monkeypatch.setattr("paasq_daemon.index.checkpoint.write_index_manifest", full)
        model.change(store, 30)
        with indexes.read() as view:
            check_equal(view, model)
        monkeypatch.undo()
    with opened(tmp_path) as (_, indexes), indexes.read() as view:
        check_equal(view, model)


def test_a_failure_midway_is_mended_by_the_next_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(random.Random(9))
    with opened(tmp_path) as (store, indexes):
        create(store)
        model.change(store, 30)
        with indexes.read():
            pass
        model.change(store, 30)
        with monkeypatch.context() as patch:
            patch.setattr("paasq_daemon.index.collection_index.CollectionIndex._kill", lambda *_: 1 / 0)
            with indexes.read() as view, pytest.raises(StoreError, match="ZeroDivisionError"):
                view.collection("note")
        monkeypatch.setattr("paasq_daemon.index.readable_indexes.FAILED_RETRY_S", 0.0)
        indexes._retry_at_s = 0.0
        with indexes.read() as view:
            check_equal(view, model)


def test_reading_needs_a_collection_that_is_there(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, indexes), indexes.read() as view, pytest.raises(KeyError, match="nowhere"):
        view.collection("nowhere")


def test_indexes_are_private_to_the_owner(tmp_path: Path) -> None:
    with Store.open(tmp_path, sync=False) as store:
        Indexes(tmp_path, store).close()
        assert (tmp_path / "index").stat().st_mode & 0o077 == 0
