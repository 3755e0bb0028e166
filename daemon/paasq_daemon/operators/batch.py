"""The rows between two operators, with columns that are fetched when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Column, Ints, Mask
from paasq_daemon.operators.column_fetch import fetch_columns


@dataclass(frozen=True)
class SortKey:
    """A column that the rows are ordered by, aligned with them."""

    column: Column
    descending: bool

    def take(self, rows: Ints) -> SortKey:
        """The key of these rows (positions, int64), in the order given."""
        return SortKey(self.column.take(rows), self.descending)


@dataclass(frozen=True)
class LazyColumns:
    """Columns that come from elsewhere when somebody asks for them. `names` leads from what a column is called here to its
    name there, `fetch(names there, rows)` gives these columns by name, with a value for each of `rows`, which are aligned
    with the batch's.
    """

    names: Mapping[str, str]
    fetch: Callable[[Iterable[str], Ints], Mapping[str, Column]]
    rows: Ints

    def take(self, rows: Ints) -> LazyColumns:
        """The same columns for these rows (positions, int64), in the order given; nothing is fetched."""
        return replace(self, rows=self.rows[rows])


@dataclass(frozen=True)
class Batch:
    """Rows of one collection (`source` and `ordinals`, int64[length]) or rows that were made.

    A column is one of `computed`, by name and aligned with the rows, or of `lazy_columns`, the last one that has it, or comes
    from the source. `order` is what the rows are ordered by, most significant first, then by `tiebreakers`.

    Each ordinal occurs once as long as `sub_ordinals` is empty. After expand a record may have several rows, which
    `sub_ordinals` tell apart, int64[length] each.
    """

    length: int
    source: CollectionView | None = None
    ordinals: Ints | None = None
    computed: Mapping[str, Column] = field(default_factory=dict)
    order: tuple[SortKey, ...] = ()
    lazy_columns: tuple[LazyColumns, ...] = ()
    sub_ordinals: tuple[Ints, ...] = ()

    def column(self, name: str) -> Column:
        """Raises KeyError where there is no such column: the binder lets no such name through."""
        found = self.computed.get(name)  # a column of no rows is false, so `or` would pass it by
        if found is None:
            found = self._fetched.get(name)
        if found is None:
            self.prefetch((name,))
            found = self._fetched[name]
        return found

    def prefetch(self, names: Iterable[str]) -> None:
        """Fetch columns that will all be asked for: each record is decoded once for all of them. They are kept as long as
        this batch is. Raises KeyError as `column`."""
        missing = [name for name in names if name not in self.computed and name not in self._fetched]
        if missing:
            self._fetched.update(self.gather(missing, np.arange(self.length)))

    def gather(self, names: Iterable[str], rows: Ints) -> dict[str, Column]:
        """Columns by name in these rows, of which alone they are fetched."""
        wanted = list(names)
        found = {name: self.computed[name].take(rows) for name in wanted if name in self.computed}
        for origin, group in self._origins(name for name in wanted if name not in found):
            there = {name: origin.names.get(name, name) for name in group}
            fetched = origin.fetch(dict.fromkeys(there.values()), origin.rows[rows])
            found |= {name: fetched[old] for name, old in there.items()}
        return found

    def take(self, rows: Ints) -> Batch:
        """These rows, in the order given (positions in this batch)."""
        return replace(
            self,
            length=len(rows),
            ordinals=None if self.ordinals is None else self.ordinals[rows],
            computed={name: column.take(rows) for name, column in self.computed.items()},
            order=tuple(key.take(rows) for key in self.order),
            lazy_columns=tuple(columns.take(rows) for columns in self.lazy_columns),
            sub_ordinals=tuple(part[rows] for part in self.sub_ordinals),
        )

    def filter(self, mask: Mask) -> Batch:
        """The rows where `mask` (bool[length]) is true, in the order they have."""
        return self if bool(mask.all()) else self.take(np.flatnonzero(mask))

    def with_columns(self, columns: Mapping[str, Column]) -> Batch:
        """With these computed columns, each of `length` rows, added or in place of those of the same name."""
        return replace(self, computed={**self.computed, **columns})

    def renamed(self, old_of: Mapping[str, str]) -> Batch:
        """With columns under other names, by new name; all at once."""
        computed = {name: column for name, column in self.computed.items() if name not in old_of}
        computed |= {new: self.computed[old] for new, old in old_of.items() if old in self.computed}
        deferred = list(self.lazy_columns)
        for origin, group in self._origins(old for old in old_of.values() if old not in self.computed):
            names = {new: origin.names.get(old, old) for new, old in old_of.items() if old in group}
            deferred.append(replace(origin, names=names))
        return replace(self, computed=computed, lazy_columns=tuple(deferred))

    @property
    def tiebreakers(self) -> tuple[Ints, ...]:
        """The hidden key that makes every order total; nothing of rows whose order is total without."""
        return self.sub_ordinals if self.ordinals is None else (self.ordinals, *self.sub_ordinals)

    def _origins(self, names: Iterable[str]) -> list[tuple[LazyColumns, list[str]]]:
        """Where columns that were not computed come from: each origin with those of `names` that are its."""
        groups: dict[int, list[str]] = {}  # by place in `lazy_columns`; -1 is the source
        for name in names:
            places = (i for i in reversed(range(len(self.lazy_columns))) if name in self.lazy_columns[i].names)
            groups.setdefault(next(places, -1), []).append(name)
        return [(self.lazy_columns[i] if i >= 0 else self._of_source(group[0]), group) for i, group in groups.items()]

    def _of_source(self, name: str) -> LazyColumns:
        if self.source is None or self.ordinals is None:
            raise KeyError(name)
        return LazyColumns({}, partial(fetch_columns, self.source), self.ordinals)

    @property
    def ordinal_mask(self) -> Mask | None:
        """Which ordinals of the source are here, bool[source.length]; None where all live ones are."""
        if self.source is None or self.ordinals is None or self.length == self.source.live_count:
            return None
        mask = np.zeros(self.source.length, np.bool_)
        mask[self.ordinals] = True
        return mask

    def select_ordinals(self, ordinals: Ints) -> Batch:
        """The rows with these ordinals, in their order; all must be here."""
        if not (self.computed or self.order or self.lazy_columns):
            return replace(self, length=len(ordinals), ordinals=ordinals)
        assert self.source is not None
        assert self.ordinals is not None
        positions = np.empty(self.source.length, np.int64)
        positions[self.ordinals] = np.arange(self.length)
        return self.take(positions[ordinals])

    @cached_property
    def _fetched(self) -> dict[str, Column]:
        return {}
