"""What a query reads: a collection at one sequence number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from paasq_daemon.index.column import Column, Mask
from paasq_daemon.index.column_snapshot import Extent
from paasq_daemon.index.column_statistics import Statistics
from paasq_daemon.index.text_search import TextView
from paasq_daemon.index.vector_search import VectorView
from paasq_daemon.store.read_view import View
from paasq_daemon.store.record import Record
from paasq_dsl.catalog import Collection


class CollectionView:
    """One collection: ordinals 0 to `length`, of which `alive` (bool) are live. Columns have `length` rows."""

    def __init__(self, extent: Extent, store: View, text: TextView) -> None:
        self.collection: Collection = extent.collection
        self.length: int = extent.length
        self.alive: Mask = extent.alive
        self.text = text
        self._extent = extent
        self._store = store

    @property
    def live_count(self) -> int:
        return self._extent.live_count

    def record(self, ordinal: int) -> Record:
        """Raises CorruptRecord where it is damaged or was trimmed."""
        return self._store.record(self.collection.id, ordinal)

    def records(self, ordinals: Iterable[int]) -> Iterator[Record]:
        """In the order given."""
        return self._store.records(self.collection.id, ordinals)

    def column(self, name: str) -> Column:
        """A field's column, or `_key`, `_version`, `_seq`, `_time`. Raises KeyError where the name has none."""
        return self._extent.column(name)

    def statistics(self, name: str) -> Statistics:
        """Of the live rows of a column; kept until the collection changes."""
        return self._extent.statistics(name)

    def values(self, name: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """The live values of a column of strings that begin with `prefix`, with counts, most frequent first."""
        return self._extent.values(name, prefix, limit)

    def vectors(self, name: str) -> VectorView:
        """Raises KeyError where the collection has no vector field of this name."""
        return self._extent.vectors(name)
