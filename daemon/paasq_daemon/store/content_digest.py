"""One number for the whole content of a store."""

from __future__ import annotations

from typing import Protocol

from blake3 import blake3

from paasq_daemon.store.counters import CollectionCounters
from paasq_daemon.store.entry_codec import encode
from paasq_dsl.catalog import Catalog, catalog_to_json


class CountedView(Protocol):
    """What a view of a store of any format has."""

    @property
    def store_format(self) -> int:
        """Of the data file."""
        ...

    @property
    def seq(self) -> int:
        """The sequence number of the last transaction."""
        ...

    @property
    def transaction_id(self) -> int:
        """LMDB's own number of that transaction."""
        ...

    @property
    def catalog(self) -> Catalog:
        """The present catalog."""
        ...

    def live_count(self, collection_id: int) -> int:
        """How many records of a collection are live."""
        ...

    def all_collection_counters(self) -> dict[int, CollectionCounters]:
        """By collection."""
        ...


def logical_digest(view: CountedView) -> str:
    """BLAKE3, in hexadecimal, of the catalog, the sequence number and each collection's counters and content sum.

    Equal for two stores with the same content, wherever their pages lie. It costs nothing, because the writer
    maintains the content sums; `check_integrity` proves that they match the entries.
    """
    counters = [
        [collection_id, state.next_ordinal, state.live_count, state.content_checksum]
        for collection_id, state in sorted(view.all_collection_counters().items())
    ]
    return blake3(encode([view.store_format, view.seq, catalog_to_json(view.catalog), counters])).hexdigest()
