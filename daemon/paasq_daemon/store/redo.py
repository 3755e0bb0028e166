"""Doing again, on a store that ends before them, the transactions that another one logged."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from paasq_daemon.store.journal import ChangeKind, RecordChange
from paasq_daemon.store.lmdb_environment import translating_errors
from paasq_daemon.store.open_data_file import open_data
from paasq_daemon.store.transaction_log import LoggedTransaction
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import CorruptRecord, StoreError


class StoreRedo:
    """The store of a folder that nobody else has open. Nothing is synced: the folder need not survive a power cut."""

    def __init__(self, folder: Path) -> None:
        self._environment, self._tables = open_data(folder, sync=False)
        self._lost: set[tuple[int, int]] = set()  # collection, ordinal

    def redo(self, transactions: Iterable[LoggedTransaction], until: int) -> None:
        """Do those up to the sequence number `until`, each with its number, time, ordinals and versions; all of them or none.

        Those that the store has already are left out. Raises StoreError where they do not follow what it holds.
        """
        with translating_errors(), self._environment.begin(write=True) as txn:
            for logged in transactions:
                if logged.entry.seq > until:
                    return
                transaction = _RedoTransaction(txn, self._tables, logged.entry.time_us)
                if logged.entry.seq >= transaction.next_seq:
                    self._lost |= transaction.redo(logged)

    def finish(self) -> None:
        """Remove what had to be written in place of records that are not in the log, so that reading them is an error."""
        with translating_errors(), self._environment.begin(write=True) as txn:
            transaction = WriteTransaction(txn, self._tables, 0)
            for collection_id, ordinal in sorted(self._lost):
                transaction.purge_record(collection_id, ordinal)
            transaction.write_journal()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._environment.close()


class _RedoTransaction(WriteTransaction):
    """Writes what a logged transaction wrote, by the same methods as that one did."""

    def redo(self, logged: LoggedTransaction) -> set[tuple[int, int]]:
        """The collections and ordinals of records that the log names and does not hold: they were damaged."""
        lost: set[tuple[int, int]] = set()
        catalogs = iter(logged.catalogs)
        _require(self.next_seq == logged.entry.seq and self.time_us == logged.entry.time_us, logged)
        for position, change in enumerate(logged.entry.changes):
            if change.kind is ChangeKind.CATALOG:
                self.set_catalog(next(catalogs))
            elif not change.key:
                self._redo_forgotten(change)
            elif change.kind is ChangeKind.PUT:
                if (change.collection, change.ordinal) not in logged.records:
                    lost.add((change.collection, change.ordinal))
                self._redo_put(logged, position, change)
            elif change.kind is ChangeKind.DELETE:
                _require(self.ordinal(change.collection, change.key) == change.ordinal, logged)
                self.delete(change.collection, change.key)
            elif change.field is not None:
                vector = logged.vectors.get((position, change.field))
                if vector is None or not self.put_vector(change.collection, change.field, change.ordinal, vector):
                    self.mark_vector_pending(change.collection, change.field, change.ordinal)
        self.write_journal()
        return lost

    def _redo_put(self, logged: LoggedTransaction, position: int, change: RecordChange) -> None:
        record = logged.records.get((change.collection, change.ordinal))
        self._give_ordinal(logged, change)
        vectors = {id_: logged.vectors.get((position, id_)) for id_ in (record.vector_fields if record else ())}
        written = self.put(change.collection, change.key, record.fields if record else {}, vectors)
        _require(self.changes[-1].replaced_ordinal == change.replaced_ordinal, logged)
        _require(record is None or written == record, logged)

    def _redo_forgotten(self, change: RecordChange) -> None:
        """Nothing of it is written, and what an earlier snapshot still has of it is removed."""
        for ordinal in {change.ordinal, change.replaced_ordinal} - {None}:
            assert ordinal is not None
            try:
                earlier = self.record(change.collection, ordinal)
            except CorruptRecord:
                continue
            if self.ordinal(change.collection, earlier.key) == ordinal:
                self.delete(change.collection, earlier.key)
                self._changes.pop()
            self.purge_record(change.collection, ordinal)
        if change.kind is ChangeKind.PUT:
            state = self._touch(change.collection)
            state.next_ordinal = max(state.next_ordinal, change.ordinal + 1)
        self._changes.append(change)

    def _give_ordinal(self, logged: LoggedTransaction, change: RecordChange) -> None:
        """Let the next put get the ordinal of the change: some before it may have been given to what is in no log."""
        state = self._touch(change.collection)
        _require(state.next_ordinal <= change.ordinal, logged)
        state.next_ordinal = change.ordinal


def _require(follows: bool, logged: LoggedTransaction) -> None:
    if not follows:
        raise StoreError(
            f"transaction {logged.entry.seq} of the archive does not follow what the restored store holds",
            "restore a later snapshot",
        )
