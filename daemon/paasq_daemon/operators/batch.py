"""The rows between two operators, with columns that are fetched when somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from paasq_daemon.index.column import Column, Ints, Mask
from paasq_daemon.index.view import CollectionView
from paasq_daemon.operators.fetch import fetch_column


@dataclass(frozen=True)
class OrderKey:
    """A column that the rows are ordered by, aligned with them."""

    column: Column
    descending: bool

    def take(self, rows: Ints) -> OrderKey:
        return OrderKey(self.column.take(rows), self.descending)


@dataclass(frozen=True)
class Batch:
    """Rows of one collection (`source` and `ordinals`, int64[length]) or rows that were made. Each ordinal is there
    once; where rows are `repeated` it may be there more often, and `order` is total.

    `computed` are columns by name, aligned with the rows; every other column comes from the source. `order` is what the
    rows are ordered by, most important first, `ordinals` behind all: the hidden key that makes every order total.
    """

    length: int
    source: CollectionView | None = None
    ordinals: Ints | None = None
    computed: Mapping[str, Column] = field(default_factory=dict)
    order: tuple[OrderKey, ...] = ()
    repeated: bool = False

    @property
    def identity(self) -> Ints | None:
        """What tells rows apart that are equal in `order`; None where the order is total without it."""
        return None if self.repeated else self.ordinals

    def column(self, name: str) -> Column:
        """Raises KeyError where there is no such column: the binder lets no such name through."""
        found = self.computed.get(name)  # a column of no rows is false, so `or` would pass it by
        if found is None:
            found = self._fetched.get(name)
        if found is None:
            if self.source is None or self.ordinals is None:
                raise KeyError(name)
            found = self._fetched[name] = fetch_column(self.source, name, self.ordinals)
        return found

    def take(self, rows: Ints) -> Batch:
        """These rows, in the order given (positions in this batch)."""
        return replace(
            self,
            length=len(rows),
            ordinals=None if self.ordinals is None else self.ordinals[rows],
            computed={name: column.take(rows) for name, column in self.computed.items()},
            order=tuple(key.take(rows) for key in self.order),
        )

    def keep(self, mask: Mask) -> Batch:
        return self if bool(mask.all()) else self.take(np.flatnonzero(mask))

    def extended(self, columns: Mapping[str, Column]) -> Batch:
        return replace(self, computed={**self.computed, **columns})

    @property
    def mask(self) -> Mask | None:
        """Which ordinals of the source are here, bool[source.length]; None where all live ones are."""
        if self.source is None or self.ordinals is None or self.length == self.source.live_count:
            return None
        mask = np.zeros(self.source.length, np.bool_)
        mask[self.ordinals] = True
        return mask

    def at(self, ordinals: Ints) -> Batch:
        """The rows with these ordinals, in their order; all must be here."""
        if not self.computed and not self.order:
            return replace(self, length=len(ordinals), ordinals=ordinals)
        assert self.source is not None
        assert self.ordinals is not None
        positions = np.empty(self.source.length, np.int64)
        positions[self.ordinals] = np.arange(self.length)
        return self.take(positions[ordinals])

    @cached_property
    def _fetched(self) -> dict[str, Column]:
        return {}
