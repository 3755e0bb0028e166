"""The rows of several pipelines, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import Column, FlatColumn, Ints
from paasq_daemon.kernels.columns import concatenate, null_column
from paasq_daemon.operators.batch import Batch, LazyColumns, SortKey
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.column_fetch import scatter
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.operator import InnerPipeline, Operator, estimate_pipeline, execute_pipeline
from paasq_daemon.operators.row_limits import check_rows
from paasq_daemon.operators.spec import OperatorSpec, PipelinePlanner
from paasq_dsl.bound import UnionStage
from paasq_dsl.types import INT, Type


@dataclass(frozen=True)
class UnionBranch:
    """`names` are the columns that its rows have."""

    operators: tuple[Operator, ...]
    names: frozenset[str]


@dataclass(frozen=True)
class Union(Operator):
    """The rows that come in, of which `names` are the columns, then those of the pipelines. `types` are of the columns that
    come out."""

    names: frozenset[str]
    pipelines: tuple[UnionBranch, ...]
    types: Mapping[str, Type]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        pieces = [(batch, self.names), *((execute_pipeline(p.operators, context), p.names) for p in self.pipelines)]
        return _stacked(pieces, self.types)

    def describe(self) -> str:
        return f"union of {len(self.pipelines) + 1}"

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return rows + sum(round(estimate_pipeline(p.operators, estimator)[-1]) for p in self.pipelines)

    @property
    def inner_pipelines(self) -> tuple[InnerPipeline, ...]:
        return tuple(("with", pipeline.operators) for pipeline in self.pipelines)


def _stacked(pieces: Sequence[tuple[Batch, frozenset[str]]], types: Mapping[str, Type]) -> Batch:
    batches = [batch for batch, _ in pieces]
    lengths = [batch.length for batch in batches]
    check_rows("union", sum(lengths))
    ends = np.cumsum(lengths)
    piece_of = np.repeat(np.arange(len(pieces)), lengths)

    def fetch(wanted: Iterable[str], rows: Ints) -> dict[str, Column]:
        whose = piece_of[rows]
        found: dict[str, list[Column]] = {name: [] for name in wanted}
        for i, (batch, names) in enumerate(pieces):
            mine = rows[whose == i] - (ends[i] - lengths[i])
            there = batch.gather([name for name in found if name in names], mine)
            for name, parts in found.items():
                parts.append(there[name] if name in names else null_column(types[name], len(mine)))
        places = np.empty(len(rows), np.int64)
        places[np.argsort(whose, kind="stable")] = np.arange(len(rows))
        return {name: concatenate(types[name], parts).take(places) for name, parts in found.items()}

    order = [SortKey(FlatColumn(INT, piece_of), descending=False)]
    for i, batch in enumerate(batches):
        order += [SortKey(scatter(key.column, piece_of == i), key.descending) for key in batch.order]
    rows = np.arange(int(ends[-1]))
    columns = LazyColumns({name: name for name in types}, fetch, rows)
    return Batch(len(rows), order=tuple(order), lazy_columns=(columns,), sub_ordinals=_ties(batches))


def _ties(batches: Sequence[Batch]) -> tuple[Ints, ...]:
    """The piece that a row is of, then its ties there; where a piece has fewer, zeros."""
    most = max(len(batch.tiebreakers) for batch in batches)
    padded = [
        (np.full(b.length, i), *b.tiebreakers, *[np.zeros(b.length, np.int64)] * (most - len(b.tiebreakers)))
        for i, b in enumerate(batches)
    ]
    return tuple(np.concatenate(tie) for tie in zip(*padded, strict=True))


def _build(stage: UnionStage, plan_pipeline: PipelinePlanner) -> Union:
    pipelines = tuple(
        UnionBranch(plan_pipeline(stages), frozenset(stages[-1].schema.columns_by_name)) for stages in stage.pipelines
    )
    return Union(frozenset(stage.input_columns), pipelines, {c.name: c.type for c in stage.schema.columns})


OPERATORS = (OperatorSpec(UnionStage, _build, frozenset({Capability.UNIONS})),)
