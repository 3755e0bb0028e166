"""The counters of collections, worked out anew from the entries of a data file."""

from __future__ import annotations

from collections.abc import Collection

import lmdb

from paasq_daemon.store.counters import CollectionCounters, live_key_hash
from paasq_daemon.store.entry_codec import stored_checksum
from paasq_daemon.store.layout import COLLECTION_KEY, RECORD_KEY, SUMMED_TABLES, VECTOR_KEY
from paasq_daemon.store.live_entry import decode_live
from paasq_daemon.store.tables import Table, Tables


def count_entries(
    txn: lmdb.Transaction[bytes], tables: Tables, live: Collection[tuple[int, int]]
) -> dict[int, CollectionCounters]:
    """By collection, all that does not depend on the journal. `live` has collection and ordinal of each live record."""
    counted: dict[int, CollectionCounters] = {}
    for table in tables.all():
        for key, envelope in table.scan_raw(txn) if table.name in SUMMED_TABLES else ():
            of = counted.setdefault(COLLECTION_KEY.unpack_from(key)[0], CollectionCounters())
            of.add_content(stored_checksum(envelope))
            _count_entry(of, table, key, envelope, live)
    return counted


def _count_entry(
    of: CollectionCounters, table: Table, key: bytes, envelope: bytes, live: Collection[tuple[int, int]]
) -> None:
    match table.name:
        case "bodies":
            id_, ordinal = RECORD_KEY.unpack(key)
            of.next_ordinal = max(of.next_ordinal, ordinal + 1)
            of.history_bytes += 0 if (id_, ordinal) in live else len(key) + len(envelope)
        case "live":
            of.live_count += 1
            payload = table.sound_payload(key, envelope)
            of.add_live(0 if payload is None else live_key_hash(key, decode_live(payload).ordinal))
        case "vectors":
            id_, field_id, ordinal = VECTOR_KEY.unpack(key)
            of.vectors[field_id] = of.vectors.get(field_id, 0) + 1
            of.history_bytes += 0 if (id_, ordinal) in live else len(key) + len(envelope)
        case "pending":
            field_id = VECTOR_KEY.unpack(key)[1]
            of.pending[field_id] = of.pending.get(field_id, 0) + 1
