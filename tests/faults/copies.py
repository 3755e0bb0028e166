"""Subjects that copy a store or a part of it: snapshots, the archived journal, dumps."""

from __future__ import annotations

from pathlib import Path

from faults.notes import BASE_ROWS, Acknowledge, opened, prepare_store, put, rows_of, works_again
from paasq_daemon.archive.load import load_archive
from paasq_daemon.services.snapshots import delete_in, restore_from, verify_in
from paasq_daemon.snapshot.locate import find_storage
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.wire.request import Request


def snapshot(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        instance.snapshots.create("second")
        acknowledge("second")


def judge_snapshot(folder: Path, acknowledged: list[str]) -> None:
    assert rows_of(folder / "data") == BASE_ROWS
    storage = find_storage(str(folder / "data"))
    for name in ("first", *acknowledged):
        assert verify_in(storage, name, 3).findings == [], name
    if not (folder / "data" / "snapshots" / "manifests" / "second.json").exists():
        works_again(snapshot, folder)
    assert verify_in(storage, "second", 3).findings == []


def prepare_two_snapshots(folder: Path) -> None:
    prepare_store(folder)
    put(folder, lambda _: None)
    snapshot(folder, lambda _: None)


def delete_snapshot(folder: Path, acknowledge: Acknowledge) -> None:
    delete_in(find_storage(str(folder / "data")), "first")
    acknowledge("deleted")


def judge_delete_snapshot(folder: Path, acknowledged: list[str]) -> None:
    storage = find_storage(str(folder / "data"))
    assert verify_in(storage, "second", 3).findings == []
    there = (folder / "data" / "snapshots" / "manifests" / "first.json").exists()
    assert not (there and acknowledged)
    if there:
        works_again(delete_snapshot, folder)
    assert verify_in(storage, "second", 3).findings == []


def restore(folder: Path, acknowledge: Acknowledge) -> None:
    restore_from(find_storage(str(folder / "data")), "first", folder / "into")
    acknowledge("into")


def dump(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        instance.archives.dump(folder / "archive", history=True)
    acknowledge("archive")


def judge_dump(folder: Path, acknowledged: list[str]) -> None:
    assert rows_of(folder / "data") == BASE_ROWS
    assert (folder / "archive").exists() or not acknowledged
    if not (folder / "archive").exists():
        works_again(dump, folder)
    load_archive(folder / "archive", folder / "loaded")
    assert rows_of(folder / "loaded") == BASE_ROWS


def prepare_archive(folder: Path) -> None:
    prepare_store(folder)
    dump(folder, lambda _: None)


def load(folder: Path, acknowledge: Acknowledge) -> None:
    load_archive(folder / "archive", folder / "into")
    acknowledge("into")


def archive_journal(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        for number in range(3):
            instance.engine.query(Request(f'put note {{id: "k{number}", title: "word{number}", n: {number}}}'))
            acknowledge(str(instance.snapshots.archive()["last"]))


def judge_archive_journal(folder: Path, acknowledged: list[str]) -> None:
    """Each moment up to the last archived one is restored."""
    storage = find_storage(str(folder / "data"))
    assert verify_in(storage, "first").findings == []
    first = 2  # the schema, and the two notes
    for seq in range(first, 1 + max([first, *map(int, acknowledged)])):
        into = folder / f"at{seq}"
        restore_from(storage, "first", into, Moment(seq=seq))
        assert [row[0] for row in rows_of(into)] == ["a", "b", *(f"k{number}" for number in range(seq - first))]
    works_again(archive_journal, folder)
    assert verify_in(storage, "first").findings == []
