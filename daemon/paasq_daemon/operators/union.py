"""The rows of several pipelines, one behind the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import Column, FlatColumn, Ints
from paasq_daemon.kernels.columns import concatenate, null_column
from paasq_daemon.operators.batch import Batch, LazyColumns, SortKey
from paasq_daemon.operators.column_fetch import scatter
from paasq_daemon.operators.context import EMPTY_BATCH, ExecutionContext, Operator
from paasq_daemon.operators.row_limits import check_rows
from paasq_dsl.types import INT, Type


@dataclass(frozen=True)
class UnionBranch:
    """`names` are the columns that its rows have."""

    operators: tuple[Operator, ...]
    names: frozenset[str]


@dataclass(frozen=True)
class Union:
    """The rows that come in, of which `names` are the columns, then those of the pipelines. `types` are of the columns that
    come out."""

    names: frozenset[str]
    pipelines: tuple[UnionBranch, ...]
    types: Mapping[str, Type]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        pieces = [(batch, self.names), *((_rows(context, p), p.names) for p in self.pipelines)]
        return _stacked(pieces, self.types)

    def describe(self) -> str:
        return f"union of {len(self.pipelines) + 1}"


def _rows(context: ExecutionContext, pipeline: UnionBranch) -> Batch:
    batch = EMPTY_BATCH
    for operator in pipeline.operators:
        context.cancel.raise_if_cancelled()
        batch = operator.execute(context, batch)
    return batch


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
