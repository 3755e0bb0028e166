"""What a query reads: one collection at one sequence number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from paasq_daemon.index.column import Column, Mask
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.column_statistics import ColumnStatistics
from paasq_daemon.index.text_search import TextSearcher
from paasq_daemon.index.vector_search import VectorSearcher
from paasq_daemon.index.word_matcher import Check, never
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record, vector_numbers
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.values import Value

_FEW = 8  # records that are read without a look at the time


class CollectionView:
    """One collection: ordinals 0 to `length`, of which `live` (bool by ordinal) are live. Columns have `length` rows.

    Valid only inside the `with` block of its IndexView.
    """

    def __init__(self, snapshot: ColumnSnapshot, store: ReadView, text: TextSearcher, check: Check = never) -> None:
        """`check` is called for each record where more than a few are read, and may raise."""
        self.collection: Collection = snapshot.collection
        self.length: int = snapshot.length
        self.live: Mask = snapshot.live
        self.damaged: Mapping[int, str] = (
            snapshot.damaged
        )  # keys of live records that cannot be read, which are left out
        self.text = text
        self._snapshot = snapshot
        self._store = store
        self._check = check

    @property
    def live_count(self) -> int:
        """The number of live records."""
        return self._snapshot.live_count

    def require_readable(self, names: Iterable[str]) -> None:
        """Raises StoreError where, in this past state, one of these fields had another type."""
        self._snapshot.require_readable(names)

    def record(self, ordinal: int) -> Record:
        """The record of an ordinal. Raises CorruptRecord where it is damaged or was trimmed."""
        return self._store.record(self.collection.id, ordinal)

    def records(self, ordinals: Sequence[int]) -> Iterator[Record]:
        """The records of these ordinals, in the order given. Raises CorruptRecord as `record`."""
        found = self._store.records(self.collection.id, ordinals)
        return found if len(ordinals) <= _FEW else self._checked(found)

    def _checked(self, records: Iterator[Record]) -> Iterator[Record]:
        for record in records:
            self._check()
            yield record

    def given_vectors(self, field: Field, ordinals: Iterable[int]) -> Iterator[Value]:
        """The vectors of these records as they were given, in the order of `ordinals`; None where there is none."""
        return map(vector_numbers, self._store.vectors(self.collection.id, field.id, ordinals))

    def column(self, name: str) -> Column:
        """A field's column, or `_key`, `_version`, `_seq`, `_time`. Raises KeyError where the name has none."""
        return self._snapshot.column(name)

    def statistics(self, name: str) -> ColumnStatistics:
        """Of the live rows of a column; kept until the collection changes."""
        return self._snapshot.statistics(name)

    def values_with_prefix(self, name: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """The live values of a column of strings that begin with `prefix`, with counts, most frequent first."""
        return self._snapshot.values_with_prefix(name, prefix, limit)

    def vectors(self, name: str) -> VectorSearcher:
        """The vectors of a field. Raises KeyError where the collection has no vector field of this name."""
        return self._snapshot.vectors(name)
