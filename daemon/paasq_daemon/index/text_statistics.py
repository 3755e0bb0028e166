"""Statistics of the live records alone, for scores that depend on nothing else.

Tantivy counts every document of its index, those of dead records among them, and its BM25 takes these counts: how many
documents there are, how many have a term, and how long a field is on average. The first two enter a score as a factor for
each term, the inverse document frequency, so a query sets it right by a weight. The average length does not: the index gets
filler documents, of a token that no query can name, until Tantivy's average is the one of the live records. So that this
can be exact, the average counts with six binary digits, and as at least 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any

import orjson
from tantivy import Document, Query, Schema, Searcher

from paasq_daemon.index.passage_split import inverse_document_frequency
from paasq_daemon.index.text_documents import ORDINAL, DocumentTerms

FILLER_TOKEN = "\x01\x01\x01"  # noqa: S105  # of no letters, and farther from every word than a fuzzy one may be
FILLER_ORDINAL = 1 << 62
_AVERAGE_DIGITS = 6  # binary


@dataclass(frozen=True)
class DeadTerms:
    """Of the documents that are in the index and not live: how many there are, how many have a term, and their lengths.

    A value never changes, since readers keep it; what is added becomes a layer, and layers of like size are merged.
    """

    documents: int = 0
    lengths: Mapping[str, int] = field(default_factory=dict)
    layers: tuple[Counter[tuple[str, str]], ...] = ()

    def with_documents(self, added: Iterable[DocumentTerms], removed: Iterable[DocumentTerms]) -> DeadTerms:
        """With some documents more, and some less."""
        documents, lengths, layer = self.documents, Counter(self.lengths), Counter[tuple[str, str]]()
        for each in added:
            documents += 1
            layer.update(each.terms)
            lengths.update(each.lengths)
        for each in removed:
            documents -= 1
            layer.subtract(each.terms)
            lengths.subtract(each.lengths)
        layers = [*self.layers, *([layer] if layer else ())]
        while len(layers) > 1 and 2 * len(layers[-1]) >= len(layers[-2]):
            last, merged = layers.pop(), Counter(layers.pop())
            merged.update(last)
            layers.append(merged)
        return DeadTerms(documents, lengths, tuple(layers))

    def count(self, name: str, term: str) -> int:
        """How many of the documents have the term in an index field."""
        return sum(layer.get((name, term), 0) for layer in self.layers)


class DeadTextUnreadable(Exception):  # a verdict, caught where it is mended; never seen by a user
    """The texts of a dead document cannot be read any more, so that the statistics cannot be told without it."""


@dataclass(frozen=True)
class LiveStatistics:
    """`records` are live; the searcher's index has `documents`, of which `dead` are not of live records, fillers apart."""

    searcher: Searcher
    records: int
    documents: int
    dead: DeadTerms

    def document_frequency(self, name: str, term: str) -> int:
        """How many live records have the term in an index field."""
        return self._live(self.searcher.doc_freq(name, term), name, term)

    def correction(self, name: str, terms: Sequence[str]) -> float:
        """What a score of these terms is multiplied by, so that their inverse document frequency is that of the live records.
        Of a phrase it is the sum over its terms."""
        live = counted = 0.0
        for term in terms:
            having = self.searcher.doc_freq(name, term)
            counted += inverse_document_frequency(self.documents, having)
            live += inverse_document_frequency(self.records, self._live(having, name, term))
        return live / counted

    def _live(self, having: int, name: str, term: str) -> int:
        return max(0, min(having - self.dead.count(name, term), self.records))


def average_length(tokens: int, records: int) -> Fraction:
    """The average number of terms, as scores use it: rounded to six binary digits, and at least 1."""
    if tokens <= records:
        return Fraction(1)
    digits = (tokens // records).bit_length()  # before the point
    step = Fraction(2) ** (digits - _AVERAGE_DIGITS)
    return round(Fraction(tokens, records) / step) * step


def filler_documents(
    documents: int, lengths: Mapping[str, int], averages: Mapping[str, Fraction]
) -> tuple[list[Document], Counter[str]]:
    """What to add to an index of so many documents and terms, by field, for these average lengths, and the terms that this
    adds."""
    if all(lengths[name] == average * documents for name, average in averages.items()):
        return [], Counter()
    multiple = lcm(*(average.denominator for average in averages.values()))
    least = max(documents + 1, *(-(-(lengths[name] + 1) // average) for name, average in averages.items()))
    total = -(-least // multiple) * multiple
    missing = Counter({name: int(average * total) - lengths[name] for name, average in averages.items()})
    empty = [filler_document({}) for _ in range(total - documents - 1)]
    return [filler_document(missing), *empty], missing


def filler_document(lengths: Mapping[str, int]) -> Document:
    """A document of so many terms, by index field, that no query finds."""
    document = Document()
    document.add_unsigned(ORDINAL, FILLER_ORDINAL)
    for name, count in lengths.items():
        document.add_text(name, f"{FILLER_TOKEN} " * count)
    return document


def measured_average(searcher: Searcher, schema: Schema, name: str) -> float:
    """The average length of an index field in which a filler has a term, as Tantivy's scores use it."""
    query = Query.term_query(schema, name, FILLER_TOKEN)
    ((_, address),) = searcher.search(query, 1, count=False).hits
    return _average_of(orjson.loads(query.explain(searcher, address).to_json()))


def _average_of(explanation: dict[str, Any]) -> float:
    if explanation["description"].startswith("avgdl"):
        return float(explanation["value"])
    return max((_average_of(part) for part in explanation.get("details") or ()), default=0.0)
