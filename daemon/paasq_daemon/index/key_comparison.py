"""The keys that an index knows of, against those that the store leads to: a damaged page can take keys out of sight."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import DictionaryColumn, ListColumn
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.store.layout import COLLECTION_KEY
from paasq_daemon.store.live_entry import decode_live
from paasq_daemon.store.read_view import ReadView

KEYS_COMPARED_MAX = 50_000  # of a collection at a start: 0.1 s; of larger ones by `paasq doctor`


def keys_not_in_store(view: ReadView, snapshot: ColumnSnapshot) -> list[str]:
    """Keys that are live in an index brought up to the view, and do not lead to the same record in the store, ascending.

    None of a collection of more than 50,000 records. Entries that are damaged are left to their checksums.
    """
    if snapshot.live_count > KEYS_COMPARED_MAX:
        return []
    live = np.flatnonzero(snapshot.live)
    column = snapshot.column("_key").take(live)
    assert not isinstance(column, ListColumn)
    values = column.dictionary[column.codes] if isinstance(column, DictionaryColumn) else column.values
    prefix = COLLECTION_KEY.pack(snapshot.collection.id)
    stored = {
        key[len(prefix) :]: decode_live(payload).ordinal
        for key, envelope in view.tables.live.scan_raw(view.txn, prefix)
        if (payload := view.tables.live.sound_payload(key, envelope)) is not None
    }
    known = zip((str(value) for value in values.tolist()), live.tolist(), strict=True)
    return sorted(key for key, ordinal in known if stored.get(key.encode()) != ordinal)
