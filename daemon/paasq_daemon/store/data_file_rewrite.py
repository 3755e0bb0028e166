"""Rewriting the data file while the store is in use: a copy entry by entry beside it, which then takes its place.

The copy holds no free pages, and no bytes of what was deleted: LMDB leaves those in free pages, and its own compacting copy
in the gaps of others.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import lmdb

from paasq_daemon.store.content_digest import logical_digest
from paasq_daemon.store.data_file import DataFile
from paasq_daemon.store.entry_codec import add_checksum, holds, stored_checksum, verify_checksum
from paasq_daemon.store.integrity_check import check_integrity
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.tables import Table, Tables
from paasq_daemon.wire.errors import StoreError

_BATCH_BYTES = 4 << 20
_BATCH_ENTRIES = 10_000
_ENTRIES_AT_ONCE = 500  # about half a millisecond
_KEYS_AT_ONCE = 2_000

Change = Callable[[Table, bytes, bytes], bytes | None]
"""Table, key and payload of an entry; gives the payload that it is to have, or None to leave it out."""
Between = Callable[[], None]
"""Called between two batches: it may sleep, so that others get the disk, and may raise to give up."""


@dataclass(frozen=True, slots=True)
class RewriteResult:
    """Bytes of the data file before and after, its entries, and how long writes waited."""

    before_bytes: int
    after_bytes: int
    entries: int
    paused_s: float


@dataclass(frozen=True, slots=True)
class RecordingTable(Table):
    """A table that notes the keys that are written, in a transaction that may still be rolled back."""

    changed: set[bytes] = field(default_factory=set)

    def put(self, txn: lmdb.Transaction[bytes], key: bytes, payload: bytes) -> int:
        """As of every table."""
        self.changed.add(key)
        return Table.put(self, txn, key, payload)

    def delete(self, txn: lmdb.Transaction[bytes], key: bytes) -> int | None:
        """As of every table."""
        self.changed.add(key)
        return Table.delete(self, txn, key)

    def put_raw(self, txn: lmdb.Transaction[bytes], key: bytes, envelope: bytes) -> None:
        """As of every table."""
        self.changed.add(key)
        Table.put_raw(self, txn, key, envelope)


def recording(tables: Tables) -> tuple[Tables, tuple[RecordingTable, ...]]:
    """The same tables, for a writer whose changes are to be followed; as `Tables`, and in the same order one by one."""
    each = tuple(RecordingTable(table.name, table.seed, table.handle) for table in tables.all())
    return Tables(*each), each


class DataFileRewrite:
    """The copy of one data file in an environment of its own, which nobody else uses until it takes the other's place."""

    def __init__(self, source: Tables, target: DataFile, change: Change | None, between: Between) -> None:
        """`source` are the tables to read by, of the environment in use. With `change` the entries are as it says; the
        counters too, which it must give so that they fit."""
        self.target = target
        self.entries = 0
        self._pairs = tuple(zip(source.all(), target.tables.all(), strict=True))
        self._source = source
        self._change = change
        self._between = between
        self._left_out: list[set[bytes]] = [set() for _ in self._pairs]

    def copy(self, txn: lmdb.Transaction[bytes]) -> None:
        """Copy all that a read transaction sees, and read it back.

        Raises StoreError where an entry is damaged, or the copy is not equal; DiskFull where there is no room, lmdb.Error.
        """
        for number in range(len(self._pairs)):
            self._copy_table(number, txn)
        if self._change is not None:
            with self.target.environment.begin() as copied:
                findings = check_integrity(ReadView(copied, self.target.tables))
            if findings:
                raise StoreError(f"the changed copy of the data file is not sound: {findings[0]}", "nothing is changed")

    def follow(self, txn: lmdb.Transaction[bytes], changed: list[set[bytes]]) -> None:
        """Bring the entries of these keys, by table, to what a later read transaction sees, and read them back."""
        keys = [(number, key) for number, of_table in enumerate(changed) for key in sorted(of_table)]
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            wanted = [(number, key, self._wanted(number, key, txn)) for number, key in keys[start:][:_KEYS_AT_ONCE]]
            with self.target.environment.begin(write=True) as writing:
                for number, key, envelope in wanted:
                    handle = self._pairs[number][1].handle
                    if envelope is None:
                        writing.delete(key, db=handle)
                    else:
                        writing.put(key, envelope, db=handle)
            with self.target.environment.begin() as copied:
                for number, key, envelope in wanted:
                    source, target = self._pairs[number]
                    if copied.get(key, db=target.handle) != envelope:
                        raise _unequal(source)

    def compare(self, txn: lmdb.Transaction[bytes]) -> None:
        """Raises StoreError unless the copy has as many entries in each table, and, where nothing was to be changed, the same
        counts and content sums of each collection."""
        with self.target.environment.begin() as copied:
            for number, (source, target) in enumerate(self._pairs):
                if source.count(txn) - len(self._left_out[number]) != target.count(copied):
                    raise _unequal(source)
            if self._change is None:
                before, after = ReadView(txn, self._source), ReadView(copied, self.target.tables)
                if logical_digest(before) != logical_digest(after):
                    raise StoreError("the copy of the data file is of another content", "nothing is changed")
            self.entries = sum(target.count(copied) for _, target in self._pairs)

    def _copy_table(self, number: int, txn: lmdb.Transaction[bytes]) -> None:
        source, target = self._pairs[number]
        sums, copied_sums = defaultdict[bytes, int](int), defaultdict[bytes, int](int)
        count = 0
        for batch in _batches(self._entries(number, txn)):
            with self.target.environment.begin(write=True) as writing, writing.cursor(target.handle) as cursor:
                cursor.putmulti(batch, append=True)  # in order, so that every page is filled
            for key, envelope in batch:
                sums[key[:4]] += stored_checksum(envelope)
            count += len(batch)
            self._between()
        if count + len(self._left_out[number]) != source.count(txn):
            raise StoreError(
                f"the table {source.name} has {source.count(txn)} entries, and {count} can be reached",
                "close the store, and run `paasq doctor --repair`",
            )
        with self.target.environment.begin() as copied:
            damaged = next(target.scan_checksums(copied, copied_sums), None)
            if damaged is not None or target.count(copied) != count or copied_sums != sums:
                raise _unequal(source)
        self._between()

    def _entries(self, number: int, txn: lmdb.Transaction[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Of a table, as the copy is to have them."""
        source = self._pairs[number][0]
        for count, (key, envelope) in enumerate(source.scan_raw(txn)):
            if count % _ENTRIES_AT_ONCE == 0:
                time.sleep(0)  # lets other threads have the interpreter, which a loop keeps for 5 ms
            wanted = self._changed(number, key, envelope)
            if wanted is not None:
                yield key, wanted

    def _wanted(self, number: int, key: bytes, txn: lmdb.Transaction[bytes]) -> bytes | None:
        envelope = txn.get(key, db=self._pairs[number][0].handle)
        self._left_out[number].discard(key)
        return None if envelope is None else self._changed(number, key, envelope)

    def _changed(self, number: int, key: bytes, envelope: bytes) -> bytes | None:
        """The envelope that the copy is to have; None where the entry is left out."""
        source = self._pairs[number][0]
        if self._change is None:
            if not holds(source.seed, key, envelope):
                verify_checksum(source.seed, key, envelope)  # it raises, in words
            return envelope
        payload = self._change(source, key, verify_checksum(source.seed, key, envelope))
        if payload is None:
            self._left_out[number].add(key)
            return None
        return add_checksum(source.seed, key, payload)


def _batches(entries: Iterator[tuple[bytes, bytes]]) -> Iterator[list[tuple[bytes, bytes]]]:
    batch: list[tuple[bytes, bytes]] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += len(entry[0]) + len(entry[1])
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_ENTRIES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _unequal(table: Table) -> StoreError:
    return StoreError(
        f"the copy of the data file is not equal in the table {table.name}, and nothing is changed",
        "close the store, and run `paasq doctor`",
    )
