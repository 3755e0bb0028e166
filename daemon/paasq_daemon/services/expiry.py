"""Records past the time that their collection keeps them: which they are, and deleting them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from paasq_daemon.index.column import FlatColumn, Ints
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.kernels.columns import column_to_values
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_dsl.catalog import Collection
from paasq_dsl.retention import CONFIRMED_TIME, moment_before

BATCH_RECORDS = 1_000  # deleted in one transaction, so that other writes get their turn


def due_ordinals(view: IndexView, collection: Collection, now_us: int) -> Ints:
    """Ordinals (int64, ascending) of live records whose time is more than the collection's `keep` before `now_us`.

    A record without a time, and one of the future, is not due. Raises StoreError where the collection has no index.
    """
    rule = collection.time_to_live
    if rule is None:
        return np.empty(0, np.int64)
    found = view.collection(collection.name)
    column = found.column(rule.by)
    assert isinstance(column, FlatColumn)
    mask = found.live & (column.values < moment_before(now_us, rule.age))
    if column.validity is not None:
        mask &= column.validity
    return np.flatnonzero(mask)


def delete_due(store: Store, indexes: Indexes, name: str, now_us: int, go_on: Callable[[], bool]) -> int:
    """Delete what is due in a collection, batch after batch, each as an ordinary write; how many records that were.

    Ends early where `go_on` says so.
    """
    count = 0
    while go_on():
        with indexes.read() as view:
            collection = view.catalog.collections.get(name)
            if collection is None:
                break
            rows = due_ordinals(view, collection, now_us)[:BATCH_RECORDS]
            columns = (view.collection(name).column(each).take(rows) for each in ("_key", "_version"))
            due = list(zip(*map(column_to_values, columns), strict=True))
        done = store.write(partial(_delete, expected=collection, due=due, now_us=now_us)).result().value if due else 0
        if not done:  # none is left, or all were written anew meanwhile: they are looked at again later
            break
        count += done
    return count


def _delete(transaction: WriteTransaction, expected: Collection, due: Sequence[tuple[str, int]], now_us: int) -> int:
    """`due` are keys with the versions that were found. A record that was written meanwhile stays, and so does all where the
    collection keeps otherwise now."""
    collection, rule = transaction.catalog.collections_by_id.get(expected.id), expected.time_to_live
    if collection is None or rule is None or collection.time_to_live != rule:
        return 0
    before_us = moment_before(now_us, rule.age)
    count = 0
    for key, version in due:
        if transaction.version(collection.id, key) != version:
            continue
        if rule.by == CONFIRMED_TIME and (transaction.confirmed_us(collection.id, key) or now_us) >= before_us:
            continue  # put again with the values that it has, which makes no version
        count += transaction.delete(collection.id, key)
    return count
