"""Full text: the rows that match, best first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Flat
from paasq_daemon.index.text_index import text_fields
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import scalar
from paasq_daemon.operators.batch import Batch, OrderKey
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_daemon.operators.row_limits import count_of, show_limit
from paasq_dsl.bound import Bound, Constant
from paasq_dsl.syntax.match_query import MatchText, MatchTextError, parse_match_text
from paasq_dsl.types import FLOAT, Kind


@dataclass(frozen=True)
class Match:
    """Without `fields` all text fields are searched as one. `limit` bounds the rows where what follows needs no more; the
    rows and their order stay the same."""

    fields: tuple[tuple[str, float], ...]
    words: Bound
    least: Bound | None = None
    limit: Bound | int | None = None

    def run(self, run: Run, batch: Batch) -> Batch:
        if batch.source is None or not batch.length:
            return scored(batch, np.zeros(batch.length))
        run.cancel.check()
        mask = batch.mask
        if self.words.type.kind is Kind.LINK:
            run.match, own = self._like(run, batch.source)
            if own is not None:
                mask = batch.source.alive.copy() if mask is None else mask
                mask[own] = False
        else:
            run.match = match_text(self.words, run)
        limit = None if self.limit is None else count_of(self.limit, run)
        least = 0 if self.least is None else count_of(self.least, run)
        hits = batch.source.text.search(run.match, dict(self.fields), limit, mask, least=least)
        return scored(batch.at(hits.ordinals), hits.scores)

    def describe(self) -> str:
        named = ", ".join(name if weight == 1 else f"{name}^{weight:g}" for name, weight in self.fields)
        fields = named or "all text as one"
        like = "like " if self.words.type.kind is Kind.LINK else ""
        least = f" min={show(self.least)}" if self.least else ""
        return f"match {fields} {like}{show(self.words)}{least}{show_limit(self.limit)}"

    def _like(self, run: Run, source: CollectionView) -> tuple[MatchText, int | None]:
        """The telling words of the record that is named, and its ordinal where it is one of those searched."""
        name, key = str(self.words.type.name), scalar(self.words, run.values)
        other = run.view.collection(name)
        ordinal = run.view.store.ordinal(other.collection.id, key) if isinstance(key, str) else None
        if ordinal is None:
            raise KernelError("PQ0734", self.words.span, collection=name, key=key)
        texts: list[str] = []
        for field in text_fields(other.collection):
            value = other.record(ordinal).fields.get(field.id, field.default)
            texts += [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
        own = other.collection.id == source.collection.id
        return source.text.telling(texts, dict(self.fields), known_records=int(own)), ordinal if own else None


def match_text(words: Bound, run: Run) -> MatchText:
    """What to look for. A literal was written by who knows the signs; in any other value they are read leniently."""
    text = scalar(words, run.values)
    if not isinstance(text, str):
        raise KernelError("PQ0736", words.span)
    try:
        return parse_match_text(text, lenient=not isinstance(words, Constant))
    except MatchTextError as error:
        raise KernelError(error.code, words.span, **error.words) from error  # as the binder says it of a cold text


def scored(batch: Batch, scores: np.ndarray) -> Batch:
    """The rows with their scores (best first) as `_score`, ordered by it."""
    column = Flat(FLOAT, scores.astype(np.float64))
    return replace(batch, computed={**batch.computed, "_score": column}, order=(OrderKey(column, descending=True),))
