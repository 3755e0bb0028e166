"""Any moment is restored as the store was then: forward by the archived journal, back by a snapshot's own history."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.journal_archive import archive_journal
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.snapshot.restore_moment import restore_moment
from paasq_daemon.store.store import Store
from store.moments import History, holds


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is not waited for: nothing here is a test of power cuts."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def target(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "snapshots")


def restored(target: LocalStorage, seq: int, into: Path, name: str | None = None) -> dict[str, Any]:
    restore_moment(target, Moment(seq=seq), into, name)
    with Store.open(into, sync=False) as store, store.read() as view:
        assert store.check() == []
        found = holds(view)
    shutil.rmtree(into)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_every_moment_is_restored_as_it_was(store: Store, target: LocalStorage, tmp_path: Path, seed: int) -> None:
    history = History(store, seed, anew=False)
    create_snapshot(store, target, "empty")
    history.write(10)
    archive_journal(store, target)
    history.write(10)
    create_snapshot(store, target, "twenty")
    history.write(5)
    archive_journal(store, target)
    history.write(5)
    archive_journal(store, target)
    for seq, expected in history.held.items():
        assert restored(target, seq, tmp_path / "new") == expected, seq
        if seq < 20:
            assert restored(target, seq, tmp_path / "new", "twenty") == expected, seq


@pytest.mark.parametrize("seed", range(10, 14))
def test_a_vector_that_was_made_anew_before_it_was_archived_is_to_be_made(
    store: Store, target: LocalStorage, tmp_path: Path, seed: int
) -> None:
    history = History(store, seed)
    create_snapshot(store, target, "empty")
    history.write(12)
    archive_journal(store, target)
    archived = store.seq
    history.write(12)
    create_snapshot(store, target, "last")
    for seq, expected in history.held.items():
        for name in ("empty", "last"):
            found = restored(target, seq, tmp_path / "new", name)
            if seq == store.seq or (seq == archived and name == "empty"):
                assert found == expected  # nothing is lost of what was archived or captured in time
            for part in expected.keys() - {"digest"}:
                if part.startswith(("vectors", "pending")):
                    continue
                assert found[part] == expected[part], (seq, part)
            for of in (1, 2):
                for field_id in (2, 3, 4):
                    pairs = zip(
                        [record.ordinal for record in expected[f"records {of}"]],
                        found[f"vectors {of} {field_id}"],
                        expected[f"vectors {of} {field_id}"],
                        strict=True,
                    )
                    anew = [ordinal for ordinal, vector, was in pairs if vector != was]
                    assert found[f"pending {of} {field_id}"] == sorted([*anew, *expected[f"pending {of} {field_id}"]])
