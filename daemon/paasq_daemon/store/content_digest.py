"""One number for the whole content of a store."""

from __future__ import annotations

from blake3 import blake3

from paasq_daemon.store.entry_codec import encode
from paasq_daemon.store.layout import STORE_FORMAT_VERSION
from paasq_daemon.store.read_view import ReadView
from paasq_dsl.catalog import catalog_to_json


def logical_digest(view: ReadView) -> str:
    """BLAKE3, in hexadecimal, of the catalog, the sequence number and each collection's counters and content sum.

    Equal for two stores with the same content, wherever their pages lie. It costs nothing, because the writer
    maintains the content sums; `check_integrity` proves that they match the entries.
    """
    counters = [
        [collection_id, state.next_ordinal, state.live_count, state.content_checksum]
        for collection_id, state in sorted(view.all_collection_counters().items())
    ]
    return blake3(encode([STORE_FORMAT_VERSION, view.seq, catalog_to_json(view.catalog), counters])).hexdigest()
