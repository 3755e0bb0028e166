"""Naming what is damaged in a store: each entry whose checksum does not hold, by the record that it belongs to."""

from __future__ import annotations

import struct
from collections import defaultdict

import lmdb

from paasq_daemon.store.layout import COLLECTION_KEY, JOURNAL_KEY, RECORD_KEY, SEQ_KEY, SUMMED_TABLES, VECTOR_KEY
from paasq_daemon.store.live_entry import decode_live
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.wire.errors import PaasqError

DAMAGE_MAX = 1_000  # more would add nothing


def find_damage(view: ReadView) -> list[str]:
    """What is damaged, in words, at most 1,000 of them; empty where every checksum and every collection's sum holds, and the
    journal is whole.

    Reads every entry in order, at a fifth of the cost of `check_integrity`, which also looks up what refers to what: of 93 of
    300 flips of one bit in a data file that it found, this found 91, and 2 in LMDB's own pages were left to it.
    """
    scan = _Scan(view)
    for table in view.tables.all():
        summed = table.name in SUMMED_TABLES
        try:
            for key in table.scan_checksums(view.txn, scan.sums if summed else None):
                scan.unsound.append((table.name, key))
                if len(scan.unsound) >= DAMAGE_MAX:
                    return scan.describe()
        except lmdb.Error as error:
            scan.problems.append(f"the table {table.name} cannot be read to its end ({error})")
    scan.compare_sums()
    scan.compare_journal()
    return scan.describe()


def name_unsound(view: ReadView, unsound: list[tuple[str, bytes]]) -> list[str]:
    """Entries, each a table and a key, whose checksums do not hold, by the records that they belong to."""
    scan = _Scan(view)
    scan.unsound = unsound
    return scan.describe()


class _Scan:
    def __init__(self, view: ReadView) -> None:
        self.view = view
        self.sums: defaultdict[bytes, int] = defaultdict(int)  # of checksums, by the collection's packed id
        self.unsound: list[tuple[str, bytes]] = []
        self.problems: list[str] = []

    def compare_sums(self) -> None:
        """Find collections that lack entries, or have some that were removed, where nothing else is said of them."""
        if self.unsound or self.problems:  # whose sums differ by that alone
            return
        stated = {COLLECTION_KEY.pack(n): state for n, state in self.view.all_collection_counters().items()}
        for packed in sorted(stated.keys() | self.sums.keys()):
            expected = stated[packed].content_checksum if packed in stated else 0
            if self.sums[packed] % (1 << 64) != expected:
                name = self._collection(COLLECTION_KEY.unpack(packed)[0])
                self.problems.append(f"{name}: entries are lost, or removed ones came back")

    def compare_journal(self) -> None:
        """Find entries of the journal that are lost, where nothing else is said."""
        if self.unsound or self.problems:
            return
        expected = self.view.journal_start
        for key, _ in self.view.tables.journal.scan_raw(self.view.txn, start=SEQ_KEY.pack(expected)):
            last = JOURNAL_KEY.unpack(key)[0]
            if last > expected:
                break
            expected = last + 1
        if expected != self.view.seq + 1:
            self.problems.append(f"entry {expected} of the journal is lost")

    def describe(self) -> list[str]:
        keys = self._keys_by_ordinal()
        found = [self._name(table, key, keys) for table, key in self.unsound]
        return [*dict.fromkeys(found), *self.problems][:DAMAGE_MAX]

    def _name(self, table: str, key: bytes, keys: dict[bytes, str]) -> str:
        try:
            collection = self._collection(COLLECTION_KEY.unpack_from(key)[0]) if table != "journal" else ""
            match table:
                case "bodies":
                    ordinal = RECORD_KEY.unpack(key)[1]
                    return keys.get(key) or f"a past version in {collection} (ordinal {ordinal})"
                case "vectors" | "pending":
                    collection_id, field, ordinal = VECTOR_KEY.unpack(key)
                    record = keys.get(RECORD_KEY.pack(collection_id, ordinal))
                    return f"vector {field} of {record or f'a past version in {collection} (ordinal {ordinal})'}"
                case "live":
                    return f"the key {collection}:{key[COLLECTION_KEY.size :].decode(errors='replace')}"
                case "journal":
                    return f"entry {JOURNAL_KEY.unpack(key)[0]} of the journal"
        except struct.error:
            pass
        return f"the entry {key.hex()} of the table {table}"

    def _keys_by_ordinal(self) -> dict[bytes, str]:
        """The live records that damaged entries belong to, as `collection:key`, by collection and ordinal packed."""
        wanted = {key for table, key in self.unsound if table == "bodies"}
        wanted |= {key[:4] + key[8:] for table, key in self.unsound if table in ("vectors", "pending")}
        names: dict[bytes, str] = {}
        if wanted:
            live = self.view.tables.live
            for key, envelope in live.scan_raw(self.view.txn):
                payload = live.sound_payload(key, envelope)
                packed = b"" if payload is None else key[:4] + decode_live(payload).ordinal.to_bytes(8, "big")
                if packed in wanted:
                    collection = self._collection(COLLECTION_KEY.unpack_from(key)[0])
                    names[packed] = f"{collection}:{key[COLLECTION_KEY.size :].decode(errors='replace')}"
        return names

    def _collection(self, collection_id: int) -> str:
        try:
            for collection in self.view.catalog.collections.values():
                if collection.id == collection_id:
                    return collection.name
        except PaasqError:
            pass
        return f"collection {collection_id}"
