"""Text indexes that are filled anew: what dies leaves the disk, and nothing of it is seen by queries."""

from __future__ import annotations

import random
import time
from functools import partial
from pathlib import Path

import pytest

from index.library import NOTE, create, opened
from index.test_text import BODY, TITLE, put, put_all, search
from index.test_text_statistics import change, check, documents_of, some_text
from paasq_daemon.index import text_index
from paasq_daemon.index.text_documents import TextLayout
from paasq_daemon.index.text_files import TEXT_MANIFEST_NAME
from paasq_daemon.store.store import Store


def text_folder(folder: Path) -> Path:
    return folder / "index" / str(NOTE.id) / "text"


def text_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in text_folder(folder).parent.rglob("*") if path.is_file())


def test_on_demand_no_word_of_the_dead_is_on_disk_and_open_views_read_on(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put_all(store, ["falcon zyzzyva", "falcon", "river"])
        with indexes.read() as view:
            search(view, "falcon")
        store.write(lambda t: t.delete(NOTE.id, "k0")).result()
        with indexes.read() as view:
            assert search(view, "falcon").ordinals.tolist() == [1]
            indexes.text_renewal.renew([NOTE.id])
            assert search(view, "falcon").ordinals.tolist() == [1]
        columns = text_folder(tmp_path).with_name("columns")
        assert not columns.exists()
        assert b"zyzzyva" not in text_bytes(tmp_path)
        put(store, "new", "falcon")
        with indexes.read() as view:
            assert search(view, "falcon").ordinals.tolist() == [1, 3]
    with opened(tmp_path) as (store, indexes), indexes.read() as view:
        assert search(view, "falcon").ordinals.tolist() == [1, 3]


def test_a_view_from_before_keeps_what_it_sees(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put_all(store, ["falcon one", "falcon two"])
        with indexes.read() as older:
            put(store, "k0", "river")
            indexes.text_renewal.renew([NOTE.id])
            assert search(older, "falcon").ordinals.tolist() == [0, 1]
            with indexes.read() as newer:
                assert search(newer, "falcon").ordinals.tolist() == [1]


def test_much_that_is_dead_goes_in_the_background(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index then is as large as one of the live records alone, within a tenth."""
    monkeypatch.setattr(text_index, "RENEWED_DEAD_TERMS_MIN", 50)
    rng = random.Random(1)
    with opened(tmp_path) as (store, indexes):
        create(store)
        put_all(store, [some_text(rng, 40) for _ in range(300)])
        assert documents_of(indexes) == 300
        fresh = len(text_bytes(tmp_path))
        for round_ in range(4):
            for number in range(25):
                put(store, f"k{round_ * 25 + number}", some_text(rng, 40))
            documents_of(indexes)
        ends = time.monotonic() + 60
        while documents_of(indexes) > 300 * 1.2 and time.monotonic() < ends:
            time.sleep(0.05)
        assert documents_of(indexes) <= 300 * 1.2
        indexes.text_renewal.renew([NOTE.id])
        documents_of(indexes)
        assert len(text_bytes(tmp_path)) < 1.1 * fresh
        assert [path.name for path in text_folder(tmp_path).parent.iterdir()] == ["text"]


def test_a_kill_amid_it_leaves_an_index_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put_all(store, ["falcon", "river"])
        documents_of(indexes)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                indexes.text_renewal.renew([NOTE.id])
        with indexes.read() as view:
            assert search(view, "falcon").ordinals.tolist() == [0]
    text_folder(tmp_path).rename(text_folder(tmp_path).with_name("text.old"))  # killed between the two renames
    with opened(tmp_path) as (_, indexes), indexes.read() as view:
        assert search(view, "falcon").ordinals.tolist() == [0]
        assert [path.name for path in text_folder(tmp_path).parent.iterdir() if "text." in path.name] == []


def test_closing_does_not_wait_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(2)
    with opened(tmp_path) as (store, indexes):
        create(store)
        put_all(store, [some_text(rng, 40) for _ in range(3000)])
        documents_of(indexes)
        monkeypatch.setattr(text_index.TextIndex, "is_due", True)
        before = (text_folder(tmp_path) / TEXT_MANIFEST_NAME).stat().st_ino
        indexes.text_renewal.request()
        indexes.text_renewal.stop()
    assert before
    with opened(tmp_path) as (_, indexes):
        assert documents_of(indexes) == 3000


def test_texts_that_were_trimmed_before_they_were_counted(tmp_path: Path) -> None:
    """They cannot be subtracted, so the index is filled anew."""
    with opened(tmp_path) as (store, indexes):
        create(store)
        put_all(store, ["falcon " * n for n in range(1, 9)])
        documents_of(indexes)
        put(store, "k0", "river")
        trim(store)
        with indexes.read() as view:
            check(view, tmp_path / "anew", random.Random(1))
        assert documents_of(indexes) == 8


def trim(store: Store) -> None:
    with store.read() as view:
        seq = view.seq
    store.trim(seq + 1)


def test_a_large_collection_ranks_as_one_made_anew(tmp_path: Path) -> None:
    """Of a million characters, through changes that leave a seventh of it dead."""
    rng = random.Random(5)
    with opened(tmp_path / "store") as (store, indexes):
        create(store)
        texts = [{TITLE: some_text(rng, 9), BODY: some_text(rng, 350)} for _ in range(1100)]
        assert sum(len(text) for fields in texts for text in fields.values()) > 1_000_000
        store.write(lambda t: [t.put(NOTE.id, f"k{i}", fields, {}) for i, fields in enumerate(texts)]).result()
        assert documents_of(indexes) == 1100
        dead = 0
        for number, count in enumerate([1, 15, 300]):
            store.write(partial(change, rng=rng, keys=1100, count=count)).result()
            with indexes.read() as view:
                check(view, tmp_path / str(number), rng)
                used = view.collection("note").text.reader_used
                assert used is not None
                dead = used.statistics.dead.documents
                assert len(used.dead_documents) == dead
    assert dead > 50


def test_what_died_is_told_after_a_restart_without_reading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put_all(store, [f"falcon {number}" for number in range(20)])
        documents_of(indexes)
        for number in range(5):
            put(store, f"k{number}", "river")
        documents_of(indexes)
    monkeypatch.setattr(TextLayout, "terms", lambda *_: 1 / 0)
    with opened(tmp_path) as (_, indexes):
        assert documents_of(indexes) == 25
