"""Full text: the rows that match, best first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from paasq_daemon.index.column import Flat
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import scalar
from paasq_daemon.operators.batch import Batch, OrderKey
from paasq_daemon.operators.limits import count_of, show_limit
from paasq_daemon.operators.run import Run
from paasq_daemon.operators.show import show
from paasq_dsl.bound import Bound
from paasq_dsl.syntax.matchtext import MatchText, MatchTextError, parse_match_text
from paasq_dsl.types import FLOAT


@dataclass(frozen=True)
class Match:
    """`limit` bounds the rows where what follows needs no more; the rows and their order stay the same."""

    fields: tuple[tuple[str, float], ...]
    words: Bound
    limit: Bound | int | None = None

    def run(self, run: Run, batch: Batch) -> Batch:
        if batch.source is None or not batch.length:
            return scored(batch, np.zeros(batch.length))
        run.cancel.check()
        match = match_text(self.words, run)
        run.match = match
        limit = None if self.limit is None else count_of(self.limit, run)
        hits = batch.source.text.search(match, dict(self.fields), limit, batch.mask)
        return scored(batch.at(hits.ordinals), hits.scores)

    def describe(self) -> str:
        fields = ", ".join(name if weight == 1 else f"{name}^{weight:g}" for name, weight in self.fields)
        return f"match {fields} {show(self.words)}{show_limit(self.limit)}"


def match_text(words: Bound, run: Run) -> MatchText:
    text = scalar(words, run.values)
    if not isinstance(text, str):
        raise KernelError("PQ0701", "what match and find look for is null", words.span)
    try:
        return parse_match_text(text)
    except MatchTextError as error:
        raise KernelError("PQ0116", str(error), words.span) from error  # as the binder says it of a cold text


def scored(batch: Batch, scores: np.ndarray) -> Batch:
    """The rows with their scores (best first) as `_score`, ordered by it."""
    column = Flat(FLOAT, scores.astype(np.float64))
    return replace(batch, computed={**batch.computed, "_score": column}, order=(OrderKey(column, descending=True),))
