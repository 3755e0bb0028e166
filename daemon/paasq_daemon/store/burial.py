"""Removing what a repair has found again of versions that were forgotten: in free pages of a damaged file, or in a snapshot."""

from __future__ import annotations

from dataclasses import replace

import lmdb

from paasq_daemon.store.journal import decode_row, encode_row
from paasq_daemon.store.layout import COLLECTION_KEY, JOURNAL_KEY, RECORD_KEY
from paasq_daemon.store.live_entry import decode_live
from paasq_daemon.store.tables import Tables


def bury_forgotten(txn: lmdb.Transaction[bytes], tables: Tables) -> None:
    """Remove bodies, vectors and keys of all versions that have a tombstone, and take the keys out of the journal. Counters are
    left as they are. Every entry must be sound."""
    forgotten = {key for key, _ in tables.forgotten.scan_raw(txn)}
    if not forgotten:
        return
    for table in (tables.bodies, tables.vectors, tables.pending):
        for key in [key for key, _ in table.scan_raw(txn) if key[:4] + key[-8:] in forgotten]:
            table.delete(txn, key)
    for key, payload in list(tables.live.scan(txn)):
        if RECORD_KEY.pack(COLLECTION_KEY.unpack_from(key)[0], decode_live(payload).ordinal) in forgotten:
            tables.live.delete(txn, key)
    for key, payload in list(tables.journal.scan(txn)):
        collection_id, row = JOURNAL_KEY.unpack(key)[1], decode_row(key, payload)
        if any(change.key and _name(collection_id, change.ordinal) in forgotten for change in row.changes):
            changes = (replace(c, key="") if _name(collection_id, c.ordinal) in forgotten else c for c in row.changes)
            tables.journal.put(txn, key, encode_row(replace(row, changes=tuple(changes))))


def _name(collection_id: int, ordinal: int) -> bytes:
    return RECORD_KEY.pack(collection_id, max(ordinal, 0))
