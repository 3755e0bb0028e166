"""What a query reads: one collection at one sequence number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from paasq_daemon.index.column import Column, FlatColumn, Mask
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.column_statistics import ColumnStatistics, column_statistics
from paasq_daemon.index.text_search import TextSearcher
from paasq_daemon.index.vector_search import VectorSearcher
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record, vector_numbers
from paasq_daemon.wire.cancellation import Check, never
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.types import TIME
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
        """A field's column, or `_key`, `_version`, `_seq`, `_time`, `_confirmed`. Raises KeyError where the name has none,
        StoreError for `_confirmed` of a past state."""
        return self._confirmed if name == "_confirmed" else self._snapshot.column(name)

    def statistics(self, name: str) -> ColumnStatistics:
        """Of the live rows of a column; kept until the collection changes."""
        if name == "_confirmed":
            return column_statistics(self._confirmed, self.live)
        return self._snapshot.statistics(name)

    @cached_property
    def _confirmed(self) -> FlatColumn:
        """No index has it, since a put that changes nothing leaves no trace in the journal; null where a record is not live."""
        values, known = np.zeros(self.length, np.int64), np.zeros(self.length, np.bool_)
        for ordinal, confirmed_us in self._store.confirmations(self.collection.id):
            if ordinal < self.length:  # of a page's state, which is older
                values[ordinal], known[ordinal] = confirmed_us, True
        return FlatColumn(TIME, values, known)

    def values_with_prefix(self, name: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """The live values of a column of strings that begin with `prefix`, with counts, most frequent first."""
        return self._snapshot.values_with_prefix(name, prefix, limit)

    def vectors(self, name: str) -> VectorSearcher:
        """The vectors of a field. Raises KeyError where the collection has no vector field of this name."""
        return self._snapshot.vectors(name)
