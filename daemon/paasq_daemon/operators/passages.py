"""Rows of passages from rows of records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Column, Flat
from paasq_daemon.kernels.columns import from_values, to_values
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.operators.batch import Batch, OrderKey
from paasq_daemon.operators.column_fetch import fetch_column
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_daemon.operators.row_limits import count_of
from paasq_daemon.operators.snippet_column import NO_WORDS
from paasq_dsl.bound import Bound
from paasq_dsl.citations import field_part
from paasq_dsl.stages.find import WEIGHT_OF_SENSE, WEIGHT_OF_WORDS
from paasq_dsl.types import FLOAT, INT, KEYWORD, Type
from paasq_dsl.values import Value

DEPTH = 100  # records that are cut into passages
EMBEDDED_MAX = 32  # passages whose meaning is looked at: a few milliseconds each


@dataclass
class _Part:
    row: int
    start: int
    end: int
    text: str
    words: float
    sense: float = 0.0
    score: float = 0.0


@dataclass(frozen=True)
class Passages:
    """The `most` (1) best parts of the text `field` of each row, best first; a row without text gives one row of nulls.

    A part's score is that of its words, divided by the best of all; where the run has looked for a meaning, 0.35 of it and
    0.65 of the cosine. Meaning is looked at in the first rows, of each the parts that are best by words.
    """

    field: str
    type: Type
    most: Bound | None = None

    def run(self, run: Run, batch: Batch) -> Batch:
        most = 1 if self.most is None else count_of(self.most, run)
        if self.most is not None and most == 0:
            raise KernelError("PQ0711", self.most.span, stage="passages", found=most)
        if batch.length > DEPTH:
            run.depth_cut = True
            batch = batch.take(np.arange(DEPTH))
        if batch.source is None or batch.ordinals is None:
            return self._of_parts(batch, [], [])
        texts = to_values(fetch_column(batch.source, self.field, batch.ordinals))
        found = [self._parts(run, batch.source, row, text) for row, text in enumerate(texts)]
        _score(run, found, most)
        rows: list[int] = []
        parts: list[_Part | None] = []
        for row, of_row in enumerate(found):
            chosen = sorted(of_row, key=lambda part: (-part.score, part.start))[:most]
            parts += chosen or [None]
            rows += [row] * max(len(chosen), 1)
        return self._of_parts(batch, rows, parts)

    def describe(self) -> str:
        return f"passages {self.field}" + (f" max {show(self.most)}" if self.most else "")

    def _parts(self, run: Run, source: CollectionView, row: int, text: Value) -> list[_Part]:
        run.cancel.check()
        if not isinstance(text, str):
            return []
        found = source.text.passages(run.match or NO_WORDS, self.field, text)
        return [_Part(row, start, end, text[start:end], score) for start, end, score in found]

    def _of_parts(self, batch: Batch, rows: Sequence[int], parts: Sequence[_Part | None]) -> Batch:
        def column(type_: Type, value: Callable[[_Part], Value]) -> Column:
            return from_values(type_, [None if part is None else value(part) for part in parts])

        repeated = batch.take(np.array(rows, np.int64)).extended({
            "passage": column(self.type, lambda p: p.text),
            "passage_start": column(INT, lambda p: p.start),
            "passage_end": column(INT, lambda p: p.end),
            "_score.passage": column(FLOAT, lambda p: p.score),
            "_passage": column(KEYWORD, lambda p: field_part(self.field, (p.start, p.end))),
        })  # fmt: skip
        places = np.arange(len(rows))
        return replace(
            repeated, parts=(*repeated.parts, places), order=(OrderKey(Flat(INT, places), descending=False),)
        )


def _score(run: Run, found: Sequence[list[_Part]], most: int) -> None:
    every = [part for of_row in found for part in of_row]
    best = max((part.words for part in every), default=0.0) or 1.0
    for part in every:
        part.words /= best
    with_meaning = _look_for_meaning(run, found, most)
    for part in every:
        part.score = WEIGHT_OF_WORDS * part.words + WEIGHT_OF_SENSE * part.sense if with_meaning else part.words


def _look_for_meaning(run: Run, found: Sequence[list[_Part]], most: int) -> bool:
    """Fill in `sense` as far as is allowed. False where the run has looked for no meaning."""
    if run.sense is None or not len(found):
        return False
    sense = run.sense / (np.linalg.norm(run.sense) or 1.0)
    each = max(2 * most, EMBEDDED_MAX // len(found))
    chosen = [part for of_row in found for part in sorted(of_row, key=lambda p: (-p.words, p.start))[:each]]
    for part in chosen[:EMBEDDED_MAX]:
        run.cancel.check()
        if run.short_of_time():
            break
        part.sense = float(np.dot(sense, run.embed(part.text)))
    return True
