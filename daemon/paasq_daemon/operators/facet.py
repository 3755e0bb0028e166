"""Counts by value beside the rows."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.kernels.aggregate.value_counts import value_counts
from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_daemon.operators.row_limits import count_of
from paasq_daemon.wire.answer import FacetCount as Count
from paasq_daemon.wire.value_codecs import encode
from paasq_dsl.bound import FacetCount
from paasq_dsl.types import Kind

FACET_VALUES_DEFAULT = 100  # values of a facet that names no top


@dataclass(frozen=True)
class Facet:
    facets: tuple[FacetCount, ...]

    def run(self, run: Run, batch: Batch) -> Batch:
        for facet in self.facets:
            run.cancel.check()
            top = FACET_VALUES_DEFAULT if facet.top is None else count_of(facet.top, run)
            type_ = facet.value.type
            item = type_.item if type_.kind is Kind.LIST and type_.item else type_
            counts = value_counts(evaluate(facet.value, batch, run.values), top)
            run.facet_types[facet.name] = str(item)
            run.facets[facet.name] = [Count(encode(value, str(item)), count) for value, count in counts]
        return batch

    def describe(self) -> str:
        return "facet " + ", ".join(
            show(f.value) + (f" top {show(f.top)}" if f.top is not None else "") for f in self.facets
        )
