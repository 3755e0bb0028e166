"""Records of another collection beside the rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.kernels.join import JoinIndices, join_all, join_first
from paasq_daemon.operators.batch import Batch, LazyColumns
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.column_fetch import fetch_column, fetch_columns_or_null
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.link_traversal import gather_lists
from paasq_daemon.operators.operator import RowPreservingOperator
from paasq_daemon.operators.spec import OperatorSpec, PipelinePlanner
from paasq_dsl.bound import BoundExpression, LookupStage
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.types import Type


@dataclass(frozen=True)
class LookupJoin(RowPreservingOperator):
    """The records whose `field` is the value. `names` leads from the columns that are added to their fields; these are read
    when somebody asks for them. `type` is what both sides are compared as."""

    commutes_with_limit = True
    collection: Collection
    field: str
    value: BoundExpression
    type: Type
    all_matches: bool
    names: tuple[tuple[str, str], ...]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        target = context.view.collection(self.collection.name)
        live = np.flatnonzero(target.live)
        field = fetch_column(target, self.field, live)
        value = evaluate(self.value, batch, context.evaluation)
        if self.all_matches:
            found = join_all(value, field, self.type)
            fetch = partial(_fetch_lists, target, replace(found, rows=live[found.rows]))
            columns = LazyColumns(dict(self.names), fetch, np.arange(batch.length))
        else:
            first = join_first(value, field, self.type)
            ordinals = np.where(first >= 0, live[first], -1) if len(live) else first
            columns = LazyColumns(dict(self.names), partial(fetch_columns_or_null, target), ordinals)
        return replace(batch, lazy_columns=(*batch.lazy_columns, columns))

    def describe(self) -> str:
        how = "many" if self.all_matches else "one"
        return f"lookup {how} {self.collection.name} on {expression_text(self.value)} == {self.collection.name}.{self.field}"


def _fetch_lists(target: CollectionView, matches: JoinIndices, names: Iterable[str], rows: Ints) -> dict[str, Column]:
    starts, lengths = matches.offsets[rows], matches.offsets[rows + 1] - matches.offsets[rows]
    row_of = np.repeat(np.arange(len(rows)), lengths)
    inside = np.arange(len(row_of)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    ordinals = matches.rows[np.repeat(starts, lengths) + inside]
    return {**gather_lists(target, names, row_of, ordinals, len(rows))}


def _build(stage: LookupStage, _: PipelinePlanner) -> LookupJoin:
    fields = (*stage.collection.fields_by_name, *SYSTEM_COLUMNS)
    known = stage.schema.columns_by_name
    names = tuple((f"{stage.name}.{f}", f) for f in fields if f"{stage.name}.{f}" in known)
    return LookupJoin(stage.collection, stage.field, stage.value, stage.comparison_type, stage.many, names)


OPERATORS = (OperatorSpec(LookupStage, _build, frozenset({Capability.LOOKUPS})),)
