"""Counts by value beside the rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from paasq_daemon.kernels.aggregate.value_counts import value_counts
from paasq_daemon.kernels.evaluate import evaluate, referenced_columns
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import RowPreservingOperator
from paasq_daemon.operators.row_limits import evaluate_row_count
from paasq_daemon.operators.spec import OperatorSpec
from paasq_daemon.wire.answer import FacetCount as Count
from paasq_daemon.wire.value_codecs import encode
from paasq_dsl.bound import FacetCount, FacetStage
from paasq_dsl.types import TypeKind

FACET_VALUES_DEFAULT = 100  # values of a facet that names no top


@dataclass(frozen=True)
class Facet(RowPreservingOperator):
    """Counts the rows of each value into `context.facets`, most frequent first; the rows themselves pass unchanged."""

    facets: tuple[FacetCount, ...]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        batch.prefetch(self._columns_read)
        for facet in self.facets:
            context.cancel.raise_if_cancelled()
            top = FACET_VALUES_DEFAULT if facet.top is None else evaluate_row_count(facet.top, context)
            type_ = facet.value.type
            item = type_.item if type_.kind is TypeKind.LIST and type_.item else type_
            counts = value_counts(evaluate(facet.value, batch, context.evaluation), top)
            context.facet_types[facet.name] = str(item)
            context.facets[facet.name] = [Count(encode(value, str(item)), count) for value, count in counts]
        return batch

    def describe(self) -> str:
        return "facet " + ", ".join(
            expression_text(f.value) + (f" top {expression_text(f.top)}" if f.top is not None else "")
            for f in self.facets
        )

    @cached_property
    def _columns_read(self) -> frozenset[str]:
        return referenced_columns(*(facet.value for facet in self.facets))


OPERATORS = (OperatorSpec(FacetStage, lambda s, _: Facet(s.facets), frozenset({Capability.FACETS})),)
