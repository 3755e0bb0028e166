"""What a repair does about forgets: it says which receipts and tombstones are lost, gives no number again, and brings back no
version that has a tombstone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import lmdb

from paasq_daemon.store.forget_receipts import last_receipt_number, reserve_receipt_numbers, stored_receipt_number
from paasq_daemon.store.journal import decode_row, encode_row
from paasq_daemon.store.layout import COLLECTION_KEY, JOURNAL_KEY, RECORD_KEY
from paasq_daemon.store.live_entry import decode_live
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.tables import Tables

Entry = tuple[str, bytes]  # table and key


def describe_forgotten(
    damaged: Iterable[tuple[str | None, bytes]], word: Callable[[int, int], str]
) -> dict[Entry, str]:
    """Those of the damaged entries that are receipts or tombstones, in words; `word` names a version."""
    found: dict[Entry, str] = {}
    for table, key in damaged:
        if table == "meta" and (number := stored_receipt_number(key)) is not None:
            found[table, key] = f"the receipt of forget {number}"
        elif table == "forgotten" and len(key) == RECORD_KEY.size:
            found[table, key] = f"the tombstone of {word(*RECORD_KEY.unpack(key))}"
    return found


def reserve_numbers(txn: lmdb.Transaction[bytes], tables: Tables, damaged: Iterable[Entry]) -> Iterator[str]:
    """See to it that no number of a lost receipt is given again; gives the receipts that are lost without a trace. A forget
    writes all its tombstones at one sequence number, so that there were no fewer forgets than these."""
    known = [number for table, key in damaged if table == "meta" and (number := stored_receipt_number(key)) is not None]
    last = max(last_receipt_number(ReadView(txn, tables)), *known, 0)
    forgets = len({payload for _, payload in tables.forgotten.scan(txn)})
    reserve_receipt_numbers(txn, tables, max(last, forgets))
    return (f"the receipt of forget {number}" for number in range(last + 1, forgets + 1))


def remove_forgotten(txn: lmdb.Transaction[bytes], tables: Tables) -> None:
    """Remove bodies, vectors and keys of all versions that have a tombstone, which were found again in free pages or in a
    snapshot, and take the keys out of the journal. Counters are left as they are. Every entry must be sound."""
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
