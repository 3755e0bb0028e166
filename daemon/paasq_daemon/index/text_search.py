"""Searching the text of one collection at one sequence number."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from tantivy import Occur, Query

from paasq_daemon.index.analyzers import analyze, normalize_word, term_weight
from paasq_daemon.index.column import Ints, Mask
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.passage_split import bm25_scores, inverse_document_frequency, split_passages
from paasq_daemon.index.snippet_selection import Snippet, select_snippet, select_window
from paasq_daemon.index.text_documents import ORDINAL, text_fields
from paasq_daemon.index.text_index import TextIndexReader, TextReaders
from paasq_daemon.index.text_query import QueryContext, TextField, TextFieldGroup, build_query
from paasq_daemon.index.text_statistics import FILLER_TOKEN
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.wire.cancellation import Check, never
from paasq_dsl.syntax.match_query import Clause, ClauseKind, MatchQuery
from paasq_dsl.syntax.match_query import Occur as Occurs

Scores: TypeAlias = NDArray[np.float32]

TERM_SET_MAX = 128  # passing rows up to which they are looked up one by one; above, fetching more hits is faster
SIGNIFICANT_TERMS_MAX = 25  # words of a record that records like it are found by
_FETCH_MIN = 64
_FETCH_GROWTH = 8
_EQUAL_SHARE = 2.0**-19  # Tantivy adds the parts of a score in an order that depends on how documents lie in its files


@dataclass(frozen=True, slots=True)
class TextHits:
    """Ordinals (int64) and BM25 scores (float32), best first, equal scores by ordinal. Scores that differ by less than two
    millionths count as equal, and are."""

    ordinals: Ints
    scores: Scores


NO_HITS = TextHits(np.empty(0, np.int64), np.empty(0, np.float32))


class TextSearcher:
    """The text of a collection. Its index is brought up to the view's sequence number when first asked."""

    def __init__(
        self,
        index: TextReaders,
        snapshot: ColumnSnapshot,
        view: ReadView,
        reader: TextIndexReader | None = None,
        catch_up: Callable[[], None] = never,
    ) -> None:
        """`reader` is one that another searcher of this very state has used: scores depend on it. `catch_up` is called before
        the index is brought up, and may raise."""
        self._index = index
        self._snapshot = snapshot
        self._view = view
        self._catch_up = catch_up
        self.reader_used = reader

    @property
    def _reader(self) -> TextIndexReader:
        if self.reader_used is None:
            self._catch_up()
            self.reader_used = self._index.reader(self._snapshot, self._view)
        return self.reader_used

    def search(
        self,
        match: MatchQuery,
        fields: Mapping[str, float],
        k: int | None = None,
        mask: Mask | None = None,
        *,
        min_should_match: int = 0,
    ) -> TextHits:
        """The k best rows that match (None: all) among those that `mask` (bool by ordinal; None: all) lets pass.

        `fields` maps text fields to weights; where it is empty, all are searched as if they were one. At least
        `min_should_match` clauses without a sign must match. Exact under any mask. Raises KeyError for a field that is not text.
        """
        reader = self._reader
        context = QueryContext(reader.schema, reader.statistics.correction)
        query = build_query(context, match, self._groups(fields), min_should_match)
        passing = self._snapshot.live if mask is None else self._snapshot.live & mask
        count = int(np.count_nonzero(passing))
        if query is None or not count or (k is not None and k <= 0):
            return NO_HITS
        wanted = count if k is None else min(k, count)
        if count <= TERM_SET_MAX:
            chosen = Query.term_set_query(reader.schema, ORDINAL, reader.homes[np.flatnonzero(passing)].tolist())
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, Query.const_score_query(chosen, 0.0))])
            return self._fetch(query, passing, wanted, count + 1)
        share = count / reader.statistics.documents
        return self._fetch(query, passing, wanted, _FETCH_MIN + round(wanted / share * 1.1))

    def snippet(self, match: MatchQuery, field: str, text: str, chars: int | None, check: Check = never) -> Snippet:
        """At most `chars` characters of a text of this field, in one line, chosen and marked by what the match is about; or the
        whole text as it is. `check` is called often, and may raise."""
        language = self._field(field).language
        if chars is None:
            return select_snippet(match, language, text, len(text), check)
        # line breaks of a file say nothing in a line of an answer
        line = " ".join(select_window(match, language, text, chars, check).split())
        return select_snippet(match, language, line, chars, check)

    def significant_terms(self, texts: Sequence[str], fields: Mapping[str, float], *, known_records: int) -> MatchQuery:
        """The words by which records like the one of these texts are found: those with the most tf-idf in the fields (equal
        ones by the alphabet), each weighted by how often it occurs there. Words that at most `known_records` records have say
        nothing."""
        statistics = self._reader.statistics
        worth: dict[str, tuple[float, Clause]] = {}
        for field, _ in self._groups(fields):
            occurrences = [
                (term.text, text[term.start : term.end]) for text in texts for term in analyze(text, field.language)
            ]
            written = dict(reversed(occurrences))  # of several forms of a word the first
            for word, count in Counter(word for word, _ in occurrences).items():
                having = statistics.document_frequency(field.terms_name, word)
                often = 1 + math.log(count)
                value = (
                    often * inverse_document_frequency(statistics.records, having) * term_weight(word, field.language)
                )
                if having > known_records and value > worth.get(word, (0.0,))[0]:
                    worth[word] = value, Clause(Occurs.SHOULD, ClauseKind.WORD, written[word], boost=often)
        best = sorted(worth.items(), key=lambda item: (-item[1][0], item[0]))[:SIGNIFICANT_TERMS_MAX]
        return MatchQuery(tuple(clause for _, (_, clause) in best))

    def passages(self, match: MatchQuery, field: str, text: str, check: Check = never) -> list[tuple[int, int, float]]:
        """The parts of a text of this field, in order: start and end in characters, and BM25 for the words of the match,
        0 where none of them is there. `check` is called often, and may raise."""
        names = self._field(field)
        statistics = self._reader.statistics

        def worth(word: str) -> float:
            having = statistics.document_frequency(names.terms_name, word)
            rare = inverse_document_frequency(statistics.records, having)
            return rare * term_weight(word, names.language)

        parts = split_passages(text, check)
        scores = bm25_scores(match, names.language, text, parts, worth, check)
        return [(start, end, score) for (start, end), score in zip(parts, scores, strict=True)]

    def words_with_prefix(self, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """The whole words of a field that begin so, in any case, with how many records have each, most frequent first."""
        if limit <= 0:
            return []
        name, start = self._field(field).words_name, normalize_word(prefix)
        reader = self._reader
        live: Query | None = None
        if reader.statistics.dead.documents:
            chosen = Query.term_set_query(reader.schema, ORDINAL, reader.dead_documents.tolist())
            live = Query.boolean_query([(Occur.Must, Query.all_query()), (Occur.MustNot, chosen)])
        found = reader.searcher.terms_with_prefix(name, start, live, limit + 1)
        return sorted(((w, n) for w, n in found if w != FILLER_TOKEN), key=lambda pair: (-pair[1], pair[0]))[:limit]

    def _groups(self, fields: Mapping[str, float]) -> dict[TextFieldGroup, float]:
        if not fields:
            self._snapshot.require_readable(f.name for f in text_fields(self._snapshot.collection))
            return dict.fromkeys(self._reader.groups, 1.0)
        named = {self._field(name): weight for name, weight in fields.items()}
        return {TextFieldGroup(field, (field,)): weight for field, weight in named.items()}

    def _field(self, name: str) -> TextField:
        self._snapshot.require_readable((name,))
        field = self._reader.fields.get(name)
        if field is None:
            raise KeyError(f"{self._snapshot.collection.name}.{name} is not a text field")
        return field

    def _fetch(self, query: Query, passing: Mask, wanted: int, limit: int) -> TextHits:
        """Fetch ever more hits until the k-th best that passes can no longer be beaten, or tied, by one not fetched."""
        reader = self._reader
        total = reader.statistics.documents
        while total:
            limit = min(limit, total)
            hits = reader.searcher.search(query, limit, count=False).hits
            values = reader.searcher.fast_field_values(ORDINAL, [address for _, address in hits])
            ordinals = reader.ordinals(np.array(values, np.int64))
            scores = np.array([score for score, _ in hits], np.float32)
            keep = (ordinals >= 0) & (ordinals < len(passing))
            keep[keep] = passing[ordinals[keep]]
            found, found_scores = ordinals[keep], scores[keep]
            settled = len(found) >= wanted and _run_end(found_scores, wanted - 1) * (1 - _EQUAL_SHARE) > scores[-1]
            if settled or len(hits) < limit or limit == total:
                found, found_scores = _ordered(found, found_scores)
                return TextHits(found[:wanted], found_scores[:wanted])
            limit *= _FETCH_GROWTH
        return NO_HITS


def _run_end(scores: Scores, place: int) -> float:
    """The last of the scores, descending, that count as equal to the one at a place, or to one that does."""
    lower = np.flatnonzero(scores[place + 1 :] < scores[place:-1] * (1 - _EQUAL_SHARE))
    return float(scores[place + lower[0]] if len(lower) else scores[-1])


def _ordered(ordinals: Ints, scores: Scores) -> tuple[Ints, Scores]:
    """Of scores that descend: of a run that counts as equal each gets the first, and they are by ordinal."""
    lower = scores[1:] < scores[:-1] * (1 - _EQUAL_SHARE)
    if lower.all():
        return ordinals, scores
    starts = np.append(True, lower)
    run = np.cumsum(starts) - 1
    return ordinals[np.lexsort((ordinals, run))], scores[starts][run]
