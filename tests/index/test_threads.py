"""Readers in several threads beside a writer, each seeing one sequence number; and the bound on BLAS threads."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.library import NOTE, create, opened
from paasq_daemon.index.column import FlatColumn
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import StoreError
from paasq_dsl.syntax.match_query import parse_match_query


def _write(store: Store) -> None:
    """Every transaction leaves all records with one value, in a column, in text and as a vector."""
    for round_ in range(1, 60):
        vector = np.eye(5, dtype=np.float32)[round_ % 5].tobytes()
        fields = {2: f"round{round_}", 5: round_}
        store.write(
            lambda t, fields=fields, vector=vector: [t.put(NOTE.id, f"k{i}", fields, {14: vector}) for i in range(8)]  # type: ignore[misc]  # mypy types no lambda with defaults
        ).result()


def _read(indexes: Indexes) -> int:
    reads = 0
    while True:
        with indexes.read() as view:
            note = view.collection("note")
            live = np.flatnonzero(note.live)
            column = note.column("stars").take(live)
            assert isinstance(column, FlatColumn)
            stars = set(column.values.tolist())
            if not stars:
                continue
            (round_,) = stars
            hits = note.text.search(parse_match_query(f"round{round_}"), {"title": 1.0})
            assert hits.ordinals.tolist() == live.tolist()
            near = note.vectors("embedding").search(np.eye(5, dtype=np.float32)[round_ % 5], 99)
            assert near.ordinals.tolist() == live.tolist()
            assert near.scores.tolist() == [1.0] * 8
            assert {note.record(o).fields[5] for o in live.tolist()} == {round_}
            reads += 1
            if round_ == 59:
                return reads


def test_each_reader_sees_one_sequence_number(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes), ThreadPoolExecutor(4) as pool:
        create(store)
        readers = [pool.submit(_read, indexes) for _ in range(3)]
        pool.submit(_write, store).result()
        assert sum(reader.result(timeout=60) for reader in readers) >= 3


def test_the_bound_on_blas_threads_comes_before_numpy() -> None:
    script = (
        "import os\n"
        "from paasq_daemon.index.blas_threads import limit_blas_threads\n"
        "limit_blas_threads(3)\n"
        "assert os.environ['OPENBLAS_NUM_THREADS'] == '3'\n"
        "import numpy\n"
        "print('in time' if limit_blas_threads() else 'late')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "late\n"


def _searched(view: IndexView) -> int:
    return len(view.collection("note").text.search(parse_match_query("round"), {"title": 1.0}).ordinals)


def test_the_end_waits_for_views_that_are_open_and_takes_no_more(tmp_path: Path) -> None:
    store = Store.open(tmp_path, sync=False)
    indexes = Indexes(tmp_path, store)
    create(store)
    with ThreadPoolExecutor(1) as pool:
        with indexes.read() as view:
            assert _searched(view) == 0
            closing = pool.submit(indexes.close)
            while not _is_refused(indexes):
                pass
            store.write(lambda t: t.put(NOTE.id, "k", {2: "round"}, {})).result()
            assert _searched(view) == 0
            assert not closing.done()
        closing.result(timeout=60)
    store.close()
    shutil.rmtree(tmp_path)


def test_what_still_reads_after_the_end_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paasq_daemon.index.index_manager.VIEWS_WAIT_S", 0)
    store = Store.open(tmp_path / "store", sync=False)
    indexes = Indexes(tmp_path / "store", store)
    create(store)
    store.write(lambda t: t.put(NOTE.id, "k", {2: "round"}, {})).result()
    with indexes.read() as view:
        indexes.close()
        shutil.rmtree(tmp_path / "store" / "index")
        with pytest.raises(StoreError, match="closed"):
            _searched(view)
        assert not (tmp_path / "store" / "index").exists()
    store.close()


def _is_refused(indexes: Indexes) -> bool:
    try:
        with indexes.read():
            return False
    except StoreError as error:
        return "closed" in error.message
