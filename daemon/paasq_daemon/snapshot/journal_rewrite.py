"""Forgetting records in the archived journal: segments are written anew without them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paasq_daemon.snapshot.journal_archive import list_files, read_segment, remove_segments, write_segment
from paasq_daemon.snapshot.journal_segment import SegmentName, encode_transaction
from paasq_daemon.snapshot.storage import JOURNAL, Storage
from paasq_daemon.store.transaction_log import LoggedTransaction

IsForgotten = Callable[[int, int, str], bool]  # collection, ordinal, key


def forget_in_archive(storage: Storage, is_forgotten: IsForgotten, *, dry_run: bool = False) -> list[str]:
    """Write anew, without bodies, vectors and keys of the forgotten versions, each segment that holds some, and those after
    it on its timeline, which name the hash of the one before them; the names, `first-last`, of those that held some.

    What is forgotten is asked by collection, ordinal and key, of live, replaced and deleted versions alike. Killed at any
    step, the archive can be read, and calling it again completes the work. Raises SnapshotError, before anything of a
    timeline is changed, where a segment of it cannot be read. Do the snapshots first: a snapshot that still holds a record
    gives it back until the archive is read beyond the transaction that forgets it.
    """
    with storage.exclusive():
        held: list[str] = []
        for names in list_files(storage).values():
            holding = [name for name in names if _holds(storage, name, is_forgotten)]
            held += map(str, holding)
            if holding and not dry_run:
                _rewrite(storage, names[names.index(holding[0]) :], is_forgotten)
        return held


def _holds(storage: Storage, name: SegmentName, is_forgotten: IsForgotten) -> bool:
    return any(
        change.key and is_forgotten(change.collection, change.ordinal, change.key)
        for logged in read_segment(storage, name).transactions()
        for change in logged.entry.changes
    )


def _rewrite(storage: Storage, names: list[SegmentName], is_forgotten: IsForgotten) -> None:
    """Write all of them first, so that the timeline is whole at each moment, then remove the old ones."""
    rewriting = _Rewriting(storage, names, is_forgotten)
    for name in names:
        rewriting.rewrite(name)
    storage.sync(JOURNAL)
    kept = {new.file for new in rewriting.done.values()}
    remove_segments(storage, [name for name in names if name.file not in kept])


class _Rewriting:
    """`done` are the new segments by the hash of the old ones."""

    def __init__(self, storage: Storage, names: list[SegmentName], is_forgotten: IsForgotten) -> None:
        self.done: dict[str, SegmentName] = {}
        self._storage = storage
        self._old = {name.hash: name for name in names}
        self._is_forgotten = is_forgotten

    def rewrite(self, name: SegmentName) -> None:
        """After the one that it follows: marks of one place are in no order."""
        if name.hash in self.done:
            return
        segment = read_segment(self._storage, name)
        previous = segment.header.previous
        if previous in self._old:
            self.rewrite(self._old[previous])
            previous = self.done[previous].hash
        transactions = [_without(logged, self._is_forgotten) for logged in segment.transactions()]
        damage = tuple(each for logged in transactions for each in logged.damage)
        header = replace(segment.header, previous=previous, damage=damage)
        self.done[name.hash], _ = write_segment(
            self._storage, header, [encode_transaction(each) for each in transactions]
        )


def _without(logged: LoggedTransaction, is_forgotten: IsForgotten) -> LoggedTransaction:
    forgotten = {
        position
        for position, change in enumerate(logged.entry.changes)
        if change.key and is_forgotten(change.collection, change.ordinal, change.key)
    }
    if not forgotten:
        return logged
    changes = tuple(
        replace(change, key="") if position in forgotten else change
        for position, change in enumerate(logged.entry.changes)
    )
    versions = {(changes[position].collection, changes[position].ordinal) for position in forgotten}
    named = tuple(f":{logged.entry.changes[position].key}" for position in forgotten)
    return LoggedTransaction(
        replace(logged.entry, changes=changes),
        {name: record for name, record in logged.records.items() if name not in versions},
        {name: vector for name, vector in logged.vectors.items() if name[0] not in forgotten},
        logged.catalogs,
        tuple(each for each in logged.damage if not each.endswith(named)),
    )
