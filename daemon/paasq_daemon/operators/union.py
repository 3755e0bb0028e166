"""The rows of several pipelines, one behind the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import Column, Flat, Ints
from paasq_daemon.kernels.columns import concatenate, null_column
from paasq_daemon.operators.batch import Batch, Deferred, OrderKey
from paasq_daemon.operators.column_fetch import spread
from paasq_daemon.operators.context import EMPTY, Operator, Run
from paasq_daemon.operators.row_limits import check_rows
from paasq_dsl.types import INT, Type


@dataclass(frozen=True)
class Pipeline:
    """`names` are the columns that its rows have."""

    operators: tuple[Operator, ...]
    names: frozenset[str]


@dataclass(frozen=True)
class Union:
    """The rows that come in, of which `names` are the columns, then those of the pipelines. `types` are of the columns that
    come out."""

    names: frozenset[str]
    pipelines: tuple[Pipeline, ...]
    types: Mapping[str, Type]

    def run(self, run: Run, batch: Batch) -> Batch:
        pieces = [(batch, self.names), *((_rows(run, p), p.names) for p in self.pipelines)]
        return _stacked(pieces, self.types)

    def describe(self) -> str:
        return f"union of {len(self.pipelines) + 1}"


def _rows(run: Run, pipeline: Pipeline) -> Batch:
    batch = EMPTY
    for operator in pipeline.operators:
        run.cancel.check()
        batch = operator.run(run, batch)
    return batch


def _stacked(pieces: Sequence[tuple[Batch, frozenset[str]]], types: Mapping[str, Type]) -> Batch:
    batches = [batch for batch, _ in pieces]
    lengths = [batch.length for batch in batches]
    check_rows("union", sum(lengths))
    ends = np.cumsum(lengths)
    piece_of = np.repeat(np.arange(len(pieces)), lengths)

    def fetch(name: str, rows: Ints) -> Column:
        whose = piece_of[rows]
        found: list[Column] = []
        for i, (batch, names) in enumerate(pieces):
            mine = rows[whose == i] - (ends[i] - lengths[i])
            found.append(batch.values(name, mine) if name in names else null_column(types[name], len(mine)))
        places = np.empty(len(rows), np.int64)
        places[np.argsort(whose, kind="stable")] = np.arange(len(rows))
        return concatenate(types[name], found).take(places)

    order = [OrderKey(Flat(INT, piece_of), descending=False)]
    for i, batch in enumerate(batches):
        order += [OrderKey(spread(key.column, piece_of == i), key.descending) for key in batch.order]
    rows = np.arange(int(ends[-1]))
    columns = Deferred({name: name for name in types}, fetch, rows)
    return Batch(len(rows), order=tuple(order), deferred=(columns,), parts=_ties(batches))


def _ties(batches: Sequence[Batch]) -> tuple[Ints, ...]:
    """The piece that a row is of, then its ties there; where a piece has fewer, zeros."""
    most = max(len(batch.ties) for batch in batches)
    padded = [
        (np.full(b.length, i), *b.ties, *[np.zeros(b.length, np.int64)] * (most - len(b.ties)))
        for i, b in enumerate(batches)
    ]
    return tuple(np.concatenate(tie) for tie in zip(*padded, strict=True))
