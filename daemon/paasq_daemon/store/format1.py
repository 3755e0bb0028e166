"""Reading stores of format 1, of which nothing is written any more.

| table   | key                         | payload                                             |
|---------|-----------------------------|-----------------------------------------------------|
| meta    | a name                      | counters, the catalog and its history               |
| records | collection, ordinal         | key, version, sequence number, time, values, vector fields |
| keys    | collection, key in UTF-8    | `>QQ` ordinal and version of the live record        |
| vectors | collection, field, ordinal  | float32, little endian                              |
| pending | collection, field, ordinal  | empty                                               |
| journal | sequence number             | time, changes                                       |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from struct import Struct

import lmdb
from xxhash import xxh3_64_intdigest

from paasq_daemon.store.counters import CollectionCounters, StoreCounters
from paasq_daemon.store.data_file_copy import DataFileCopy
from paasq_daemon.store.data_folder import STORE_NAME
from paasq_daemon.store.entry_codec import decode, unknown_shape
from paasq_daemon.store.journal import ChangeKind, JournalEntry, RecordChange
from paasq_daemon.store.layout import CATALOG_NAME, COLLECTION_KEY, RECORD_KEY, SEQ_KEY, STATE_NAME, counters_meta_key
from paasq_daemon.store.live_entry import LiveEntry
from paasq_daemon.store.lmdb_environment import DATA_NAME, open_readonly, translating_errors
from paasq_daemon.store.page_walk import walk_data_file
from paasq_daemon.store.record import Record
from paasq_daemon.wire.errors import CorruptRecord, StoreError
from paasq_dsl.catalog import Catalog, catalog_from_json

FORMAT = 1
TABLE_NAMES = ("meta", "records", "keys", "vectors", "pending", "journal")  # the place in this row seeds the checksums

_ENVELOPE = Struct(">BQ")
_ENVELOPE_VERSION = 0xA1
_KEY_ENTRY = Struct(">QQ")
_DAMAGE_MAX = 1_000
_RESTORE = (
    "restore its newest snapshot into a new folder and open that: `paasq snapshot list` names the snapshots, and "
    "`paasq snapshot restore NAME FOLDER` restores one; the damaged store stays as it is"
)


class Format1View:
    """What the newest transaction of a store of format 1 holds. Any read may raise CorruptRecord."""

    store_format = FORMAT

    def __init__(self, txn: lmdb.Transaction[bytes], environment: lmdb.Environment) -> None:
        self._txn = txn
        self._handles = {name: environment.open_db(name.encode(), txn=txn, create=False) for name in TABLE_NAMES}
        state = self._get("meta", STATE_NAME)
        if state is None:
            raise CorruptRecord("the store's counters are gone", "restore its newest snapshot into a new folder")
        self.state = StoreCounters(*decode(state))

    @property
    def seq(self) -> int:
        """The sequence number of the last transaction."""
        return self.state.seq

    @property
    def transaction_id(self) -> int:
        """LMDB's own number of the transaction."""
        return self._txn.id()

    @property
    def catalog(self) -> Catalog:
        """The present catalog; an empty one where nothing was declared."""
        payload = self._get("meta", CATALOG_NAME)
        return Catalog() if payload is None else catalog_from_json(decode(payload))

    def live_count(self, collection_id: int) -> int:
        """How many records of a collection are live, from its counters."""
        return self.all_collection_counters().get(collection_id, CollectionCounters()).live_count

    def all_collection_counters(self) -> dict[int, CollectionCounters]:
        """By collection, with the parts that format 1 had."""
        prefix = counters_meta_key(0)[: -COLLECTION_KEY.size]
        found = [(key, payload) for key, payload in self.entries("meta") if key.startswith(prefix)]
        return {
            COLLECTION_KEY.unpack(key[len(prefix) :])[0]: CollectionCounters(*decode(value)) for key, value in found
        }

    def entries(self, table: str) -> Iterator[tuple[bytes, bytes]]:
        """Keys and payloads of a table, in the order of keys, each verified."""
        with self._txn.cursor(self._handles[table]) as cursor:
            for key, envelope in cursor:
                yield key, _verified(table, key, envelope)

    def count(self, table: str) -> int:
        """How many entries a table has."""
        return self._txn.stat(self._handles[table])["entries"]

    def records(self) -> Iterator[Record]:
        """Each version of each record, live or deleted, by collection and ordinal."""
        for key, body in self.entries("records"):
            id_, ordinal = RECORD_KEY.unpack(key)
            try:
                name, version, seq, time_us, fields, vector_fields = decode(body)
            except (TypeError, ValueError):
                raise unknown_shape(f"record {ordinal} of collection {id_}") from None
            yield Record(id_, ordinal, name, version, seq, time_us, fields, tuple(vector_fields))

    def live(self) -> Iterator[tuple[bytes, LiveEntry]]:
        """The packed key of each live record, and what it leads to; when it was confirmed is not known."""
        for key, payload in self.entries("keys"):
            ordinal, version = _KEY_ENTRY.unpack(payload)
            yield key, LiveEntry(ordinal, version, 0)

    def journal(self) -> Iterator[JournalEntry]:
        """The entries that were not trimmed, in order."""
        for key, payload in self.entries("journal"):
            seq = SEQ_KEY.unpack(key)[0]
            try:
                time_us, changes = decode(payload)
                found = tuple(RecordChange(ChangeKind(kind), *rest) for kind, *rest in changes)
            except (TypeError, ValueError):
                raise unknown_shape(f"entry {seq} of the journal") from None
            yield JournalEntry(seq, time_us, found)

    def _get(self, table: str, key: bytes) -> bytes | None:
        envelope = self._txn.get(key, db=self._handles[table])
        return None if envelope is None else _verified(table, key, envelope)


def _find_damage(view: Format1View) -> list[str]:
    """What is damaged, in words, at most 1,000 of them; empty where every checksum and every collection's sum holds, and the
    journal is whole."""
    damage: list[str] = []
    sums: defaultdict[int, int] = defaultdict(int)
    for table in TABLE_NAMES:
        try:
            for key, payload in view.entries(table):
                if table not in ("meta", "journal"):
                    sums[COLLECTION_KEY.unpack_from(key)[0]] += _checksum(table, key, payload)
        except (CorruptRecord, lmdb.Error) as error:
            damage.append(f"the table {table}: {error}")
    if damage:
        return damage[:_DAMAGE_MAX]
    counters = view.all_collection_counters()
    wrong = [id_ for id_ in sums if sums[id_] % (1 << 64) != counters.get(id_, CollectionCounters()).content_checksum]
    damage += [f"collection {id_}: entries are lost, or removed ones came back" for id_ in wrong]
    if view.count("journal") != view.seq + 1 - view.state.journal_start:
        damage.append("an entry of the journal is lost")
    return damage


def require_whole(folder: Path) -> None:
    """Raises StoreError where anything in the data file of a store of format 1 is damaged. No process may write to it."""
    path = folder / STORE_NAME / DATA_NAME
    if not path.exists():
        raise StoreError(f"{path} is gone", _RESTORE)
    try:
        damage = walk_data_file(path).faults
        if not damage:
            with Format1Store(folder).read() as view:
                damage = _find_damage(view)
    except StoreError as error:
        damage = [error.message]
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}", "mend its owner and mode, or the disk") from error
    if damage:
        more = f", and {len(damage) - 1:,} more" if len(damage) > 1 else ""
        raise StoreError(
            f"the store in {folder} has format {FORMAT} and is damaged, and no repair mends that format: {damage[0]}{more}",
            _RESTORE,
        )


class Format1Store:
    """A store of format 1 that no process writes to: what a snapshot of it is made of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def copy(self) -> Iterator[tuple[Format1View, DataFileCopy]]:
        """The data file as a stream of pages, and a view of the transaction that it holds."""
        path = self._folder / STORE_NAME / DATA_NAME
        with translating_errors(), closing(open_readonly(path.parent)) as environment, environment.begin() as txn:
            view = Format1View(txn, environment)
            with DataFileCopy.open(environment, path) as pages:
                yield view, pages

    @contextmanager
    def read(self) -> Iterator[Format1View]:
        """What it holds."""
        path = self._folder / STORE_NAME
        with translating_errors(), closing(open_readonly(path)) as environment, environment.begin() as txn:
            yield Format1View(txn, environment)


def _checksum(table: str, key: bytes, payload: bytes) -> int:
    return xxh3_64_intdigest(key + payload, TABLE_NAMES.index(table))


def _verified(table: str, key: bytes, envelope: bytes) -> bytes:
    payload = envelope[_ENVELOPE.size :]
    if envelope[: _ENVELOPE.size] != _ENVELOPE.pack(_ENVELOPE_VERSION, _checksum(table, key, payload)):
        raise CorruptRecord(
            f"the checksum of the stored entry {key.hex()} does not hold",
            "restore the newest snapshot of the store into a new folder",
        )
    return payload
