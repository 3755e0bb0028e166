"""The columns and vectors of one collection at one sequence number, shared by all views of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np

from paasq_daemon.index.column import Column, Mask
from paasq_daemon.index.column_builders import ColumnBuilder
from paasq_daemon.index.column_statistics import ColumnStatistics, column_statistics, live_value_counts
from paasq_daemon.index.vector_index import VectorIndex
from paasq_daemon.index.vector_search import NO_VECTORS, VectorSearcher
from paasq_daemon.wire.errors import StoreError
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.types import TypeKind


class ColumnSnapshot:
    """The state of a collection's indexes: ordinals 0 to `length`, of which `live` (bool by ordinal) are live.
    Immutable.

    Columns are cut from their builders on first use. `damaged` are records that are live in the store and cannot be read,
    key by ordinal; they are not live here. `dead` is the generation of the list of deleted ordinals, and how
    long that list was.
    """

    def __init__(
        self,
        collection: Collection,
        length: int,
        alive: Mask,
        *,
        dead: tuple[str, int],
        builders: Mapping[str, ColumnBuilder],
        vectors: Mapping[int, tuple[VectorIndex, int]],
        damaged: Mapping[int, str],
    ) -> None:
        self.collection = collection
        self.length = length
        self.live = alive
        self.generation, self.dead_count = dead
        self.damaged = damaged
        self.refused: Mapping[
            str, str
        ] = {}  # of a past state: by field, why its values can't be read by the present type
        self._builders = builders
        self._vectors = vectors
        self._columns: dict[str, Column] = {}
        self._statistics: dict[str, ColumnStatistics] = {}
        self._vector_views: dict[str, VectorSearcher] = {}

    @cached_property
    def live_count(self) -> int:
        """The number of live records."""
        return int(np.count_nonzero(self.live))

    def require_readable(self, names: Iterable[str]) -> None:
        """Raises StoreError where one of these fields is `refused`."""
        for name in names:
            if name in self.refused:
                hint = "restore a snapshot of that time into a folder of its own, and ask there"
                raise StoreError(self.refused[name], hint)

    def column(self, name: str) -> Column:
        """A system column or a field's, `length` rows. Raises KeyError where the name has no column, StoreError where it is
        refused."""
        self.require_readable((name,))
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = self._builders[self._builder_name(name)].column(self.length)
        return found

    def statistics(self, name: str) -> ColumnStatistics:
        """Statistics of the live rows of a column, computed once. Raises KeyError where the name has no column."""
        found = self._statistics.get(name)
        if found is None:
            found = self._statistics[name] = column_statistics(self.column(name), self.live)
        return found

    def values_with_prefix(self, name: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """(value, live rows), most frequent first, then by value: strings that begin with `prefix` in any case, at most
        `limit`.
        """
        words, counts = live_value_counts(self.column(name), self.live)
        start = prefix.casefold()
        found = [(w, c) for w, c in zip(words, counts, strict=True) if w.casefold().startswith(start)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]

    def vectors(self, name: str) -> VectorSearcher:
        """The vectors of a field. Raises KeyError where the collection has no such vector field."""
        self.require_readable((name,))
        found = self._vector_views.get(name)
        if found is None:
            field = self.collection.fields_by_name[name]
            if field.type.kind is not TypeKind.VECTOR:
                raise KeyError(f"{self.collection.name}.{name} is {field.type}, and has no vectors")
            entry = self._vectors.get(field.id)
            found = NO_VECTORS if entry is None else entry[0].view(entry[1], self.live)
            self._vector_views[name] = found
        return found

    def _builder_name(self, name: str) -> str:
        if name in SYSTEM_COLUMNS and name in self._builders:
            return name
        field = self.collection.fields_by_name.get(name)
        if field is not None and name == self.collection.key and field.type.kind in (TypeKind.KEYWORD, TypeKind.LINK):
            return "_key"
        if field is None or str(field.id) not in self._builders:
            raise KeyError(f"{self.collection.name} has no column {name!r}")
        return str(field.id)
