"""The tables of the data file: LMDB databases whose entries are each in an envelope with a checksum."""

from __future__ import annotations

import time
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from itertools import islice

import lmdb

from paasq_daemon.store.counters import StoreCounters, encode_store_counters
from paasq_daemon.store.entry_codec import (
    add_checksum,
    decode,
    encode,
    holds,
    stored_checksum,
    unsound_keys,
    verify_checksum,
)
from paasq_daemon.store.layout import FORMAT_STAMP_NAME, STATE_NAME, STORE_FORMAT_VERSION
from paasq_daemon.wire.errors import StoreError

_ENTRIES_AT_ONCE = 200  # about a quarter of a millisecond
# By the name that LMDB knows a table by, which format 1 did not use; the place in this row seeds the checksums.
TABLE_NAMES = {
    "meta2": "meta", "bodies": "bodies", "live": "live", "vectors2": "vectors", "pending2": "pending",
    "journal2": "journal", "forgotten": "forgotten",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """One table. Everything read is verified; CorruptRecord where a checksum is wrong."""

    name: str
    seed: int
    handle: lmdb._Database

    def get(self, txn: lmdb.Transaction[bytes], key: bytes) -> bytes | None:
        """The payload, verified; None where there is no such entry."""
        envelope = txn.get(key, db=self.handle)
        return None if envelope is None else verify_checksum(self.seed, key, envelope)

    def put(self, txn: lmdb.Transaction[bytes], key: bytes, payload: bytes) -> int:
        """Insert or replace an entry. Returns the change of the sum of the table's checksums."""
        envelope = add_checksum(self.seed, key, payload)
        replaced = txn.replace(key, envelope, db=self.handle)
        return stored_checksum(envelope) - (stored_checksum(replaced) if replaced else 0)

    def delete(self, txn: lmdb.Transaction[bytes], key: bytes) -> int | None:
        """Remove an entry. Returns the change of the sum of the table's checksums; None where there was no such entry."""
        removed = txn.pop(key, db=self.handle)
        return None if removed is None else -stored_checksum(removed)

    def stored_bytes(self, txn: lmdb.Transaction[bytes], key: bytes) -> int:
        """The bytes of an entry, its key among them; 0 where there is none."""
        envelope = txn.get(key, db=self.handle)
        return 0 if envelope is None else len(key) + len(envelope)

    def find_sound(self, txn: lmdb.Transaction[bytes], key: bytes) -> bytes | None:
        """The entry in its envelope; None where there is none, or its checksum is wrong."""
        envelope = txn.get(key, db=self.handle)
        return envelope if envelope is not None and self.is_sound(key, envelope) else None

    def is_sound(self, key: bytes, envelope: bytes) -> bool:
        """Whether the envelope is one of this table's, with the right checksum."""
        return holds(self.seed, key, envelope)

    def sound_payload(self, key: bytes, envelope: bytes) -> bytes | None:
        """The payload of an entry; None where its checksum does not hold."""
        return verify_checksum(self.seed, key, envelope) if self.is_sound(key, envelope) else None

    def put_raw(self, txn: lmdb.Transaction[bytes], key: bytes, envelope: bytes) -> None:
        """Insert or replace an entry that is in its envelope already."""
        txn.put(key, envelope, db=self.handle)

    def scan(
        self, txn: lmdb.Transaction[bytes], prefix: bytes = b"", start: bytes = b""
    ) -> Iterator[tuple[bytes, bytes]]:
        """Keys and payloads in the order of keys, of those that begin with `prefix` and are not below `start`."""
        for key, envelope in self.scan_raw(txn, prefix, start):
            yield key, verify_checksum(self.seed, key, envelope)

    def scan_raw(
        self, txn: lmdb.Transaction[bytes], prefix: bytes = b"", start: bytes = b""
    ) -> Iterator[tuple[bytes, bytes]]:
        """As `scan`, with the payloads still in their envelopes and unverified."""
        with txn.cursor(self.handle) as cursor:
            found = cursor.set_range(max(prefix, start)) if prefix or start else cursor.first()
            if not found:
                return
            for key, envelope in cursor:
                if not key.startswith(prefix):
                    return
                yield key, envelope

    def scan_checksums(self, txn: lmdb.Transaction[bytes], sums: MutableMapping[bytes, int] | None) -> Iterator[bytes]:
        """The keys of the entries whose checksum does not hold. `sums` gets the sum of the stored checksums by the first
        four bytes of the key, its collection; None for a table whose keys do not begin with one."""
        with txn.cursor(self.handle) as cursor:
            entries = iter(cursor)
            while some := list(islice(entries, _ENTRIES_AT_ONCE)):
                time.sleep(0)  # lets other threads have the interpreter, which a loop keeps for 5 ms
                yield from unsound_keys(self.seed, some)
                if sums is not None:
                    for key, envelope in some:
                        sums[key[:4]] += stored_checksum(envelope)

    def count(self, txn: lmdb.Transaction[bytes]) -> int:
        """How many entries the table has, from LMDB's statistics."""
        return txn.stat(self.handle)["entries"]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one data file; `layout` lists their keys and payloads."""

    meta: Table
    bodies: Table
    live: Table
    vectors: Table
    pending: Table
    journal: Table
    forgotten: Table

    def all(self) -> tuple[Table, ...]:
        """In the order of their seeds."""
        return (self.meta, self.bodies, self.live, self.vectors, self.pending, self.journal, self.forgotten)

    def by_stored_name(self) -> dict[str, Table]:
        """By the names that LMDB knows them by."""
        return dict(zip(TABLE_NAMES, self.all(), strict=True))


def make_tables(environment: lmdb.Environment) -> None:
    """Make the tables and the store's counters, existing ones are kept."""
    tables = make_bare_tables(environment)
    with environment.begin(write=True) as txn:
        if tables.meta.get(txn, STATE_NAME) is None:
            tables.meta.put(txn, STATE_NAME, encode_store_counters(StoreCounters()))
            tables.meta.put(txn, FORMAT_STAMP_NAME, encode(STORE_FORMAT_VERSION))


def make_bare_tables(environment: lmdb.Environment) -> Tables:
    """The tables alone, existing ones are kept: what copies a store puts its counters in itself."""
    with environment.begin(write=True) as txn:
        return _tables(environment, txn, create=True)


def open_tables(environment: lmdb.Environment) -> Tables:
    """The tables of a store that has them. Raises lmdb.Error where one is missing: it is never replaced by an empty one."""
    if environment.flags()["readonly"]:
        return _tables(environment, None, create=False)
    with environment.begin(write=True) as txn:
        return _tables(environment, txn, create=False)


def require_format(environment: lmdb.Environment, tables: Tables) -> None:
    """Raises StoreError where the data file does not say that it is of this format."""
    with environment.begin() as txn:
        stamp = tables.meta.get(txn, FORMAT_STAMP_NAME)
    if stamp is None or decode(stamp) != STORE_FORMAT_VERSION:
        raise StoreError(
            "the data file does not say which format it has, or another one than the file `format`",
            "use the paasq that wrote it, or run `paasq doctor --repair`",
        )


def _tables(environment: lmdb.Environment, txn: lmdb.Transaction[bytes] | None, *, create: bool) -> Tables:
    handles = [environment.open_db(stored.encode(), txn=txn, create=create) for stored in TABLE_NAMES]
    named = enumerate(zip(TABLE_NAMES.values(), handles, strict=True))
    return Tables(*(Table(name, seed, handle) for seed, (name, handle) in named))
