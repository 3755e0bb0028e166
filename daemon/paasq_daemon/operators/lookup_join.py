"""Records of another collection beside the rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.kernels.join import Matches, all_matches, first_matches
from paasq_daemon.operators.batch import Batch, Deferred
from paasq_daemon.operators.column_fetch import fetch_column, fetch_or_null
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_daemon.operators.link_traversal import lists_of
from paasq_dsl.bound import Bound
from paasq_dsl.catalog import Collection
from paasq_dsl.types import Type


@dataclass(frozen=True)
class Lookup:
    """The records whose `field` is the value. `names` leads from the columns that are added to their fields; these are read
    when somebody asks for them. `type` is what both sides are compared as."""

    collection: Collection
    field: str
    value: Bound
    type: Type
    many: bool
    names: tuple[tuple[str, str], ...]

    def run(self, run: Run, batch: Batch) -> Batch:
        run.cancel.check()
        target = run.view.collection(self.collection.name)
        live = np.flatnonzero(target.alive)
        field = fetch_column(target, self.field, live)
        value = evaluate(self.value, batch, run.values)
        if self.many:
            found = all_matches(value, field, self.type)
            fetch = partial(_fetch_lists, target, replace(found, rows=live[found.rows]))
            columns = Deferred(dict(self.names), fetch, np.arange(batch.length))
        else:
            first = first_matches(value, field, self.type)
            ordinals = np.where(first >= 0, live[first], -1) if len(live) else first
            columns = Deferred(dict(self.names), partial(fetch_or_null, target), ordinals)
        return replace(batch, deferred=(*batch.deferred, columns))

    def describe(self) -> str:
        how = "many" if self.many else "one"
        return f"lookup {how} {self.collection.name} on {show(self.value)} == {self.collection.name}.{self.field}"


def _fetch_lists(target: CollectionView, matches: Matches, name: str, rows: Ints) -> Column:
    starts, lengths = matches.offsets[rows], matches.offsets[rows + 1] - matches.offsets[rows]
    row_of = np.repeat(np.arange(len(rows)), lengths)
    inside = np.arange(len(row_of)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return lists_of(target, name, row_of, matches.rows[np.repeat(starts, lengths) + inside], len(rows))
