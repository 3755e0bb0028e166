"""What a repair says of damaged receipts and tombstones of forgets, and that their numbers are not given again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import lmdb

from paasq_daemon.store.forget_receipts import last_receipt_number, reserve_receipt_numbers, stored_receipt_number
from paasq_daemon.store.layout import RECORD_KEY
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
