"""Ranked retrieval by the published formulas: BM25, exact cosine, rank and score fusion."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from paasq_daemon.index.analyzers import analyze
from paasq_daemon.index.tokenizer import is_unspaced
from paasq_dsl.syntax.match_query import Clause, ClauseKind, MatchQuery, Occur
from reference.records import Row, Undecided, Vector

K1, B = 1.2, 0.75
TOO_CLOSE = 1e-5  # relative: below this two scores of 32-bit arithmetic may come in either order


@dataclass
class Scored:
    """A row with its score. Rows of equal `parts` have equal scores, whatever the arithmetic."""

    row: Row
    score: float
    parts: tuple[Any, ...] = ()
    branches: dict[str, tuple[float, int]] = field(default_factory=dict)


def best_first(found: list[Scored]) -> list[Scored]:
    """Stable: equal scores keep the order of the rows. Raises Undecided where 32 bits could not tell two apart."""
    found = sorted(found, key=lambda s: -s.score)
    for one, other in pairwise(found):
        if one.parts != other.parts and math.isclose(one.score, other.score, rel_tol=TOO_CLOSE, abs_tol=1e-6):
            raise Undecided
    return found


def words(text: str) -> list[str]:
    """Terms of a text without a language, by the function of the index: tests/docs/test_scripts.py has its table."""
    return [term.text for term in analyze(text, None)]


def stored_length(length: int) -> int:
    """A field's length in one byte, as Lucene's SmallFloat.intToByte4 keeps it: exact to 39, then three bits."""
    return max(n for n in map(_length_of_byte, range(256)) if n <= length)


def _length_of_byte(byte: int) -> int:
    if byte < 24:
        return byte
    bits, shift = (byte - 24) & 7, ((byte - 24) >> 3) - 1
    return 24 + (bits if shift < 0 else (bits | 8) << shift)


@dataclass(frozen=True)
class TextField:
    """One text field of all records of a collection."""

    texts: Sequence[Sequence[str]]  # the words of each record, none where null

    @cached_property
    def average(self) -> float:
        """To six binary digits, and at least 1: docs/retrieval.md."""
        mantissa, exponent = math.frexp(max(1, sum(map(len, self.texts)) / len(self.texts)))
        return math.ldexp(round(mantissa * 64), exponent - 6)

    def bm25(self, terms: Sequence[str], frequency: int, length: int) -> float:
        """Robertson et al. 1994. A phrase has the sum of its terms' idf."""
        idf = 0.0
        for term in terms:
            having = sum(term in text for text in self.texts)
            idf += math.log(1 + (len(self.texts) - having + 0.5) / (having + 0.5))
        norm = K1 * (1 - B + B * stored_length(length) / self.average)
        return idf * (1 + K1) * frequency / (frequency + norm)

    def score(self, clause: Clause, text: Sequence[str]) -> float | None:
        """None where the text does not match; nothing of a clause without words."""
        terms = words(clause.text)
        size = len(terms)
        frequency = sum(list(text[i : i + size]) == terms for i in range(len(text) - size + 1))
        if clause.kind is ClauseKind.PREFIX and size > 1 and is_unspaced(terms[-1]):
            return 1.0 if frequency else None
        if clause.kind is ClauseKind.PREFIX:
            *whole, last = terms
            begins = any(word.startswith(last) for word in text)
            return 1.0 * len(terms) if begins and all(word in text for word in whole) else None
        if clause.kind is ClauseKind.FUZZY:
            return self._fuzzy(terms, clause.edit_distance, text)
        return self.bm25(terms, frequency, len(text)) if frequency else None

    def _fuzzy(self, terms: Sequence[str], edits: int, text: Sequence[str]) -> float | None:
        total = 0.0
        for term in terms:
            if not any(distance(term, word) <= edits for word in text):
                return None
            total += 1 + (self.bm25([term], Counter(text)[term], len(text)) if term in text else 0.0)
        return total


def matched(
    match: MatchQuery, fields: Sequence[tuple[str, float]], texts: Sequence[str], everything: list[Row], rows: list[Row],
    least: int,
) -> list[Scored]:  # fmt: skip
    """The rows that match, best first. The statistics are of `everything` in the collection, whatever rows are left.
    Without `fields`, all of `texts` are one: a single word is looked for in what they hold together."""
    named = dict(fields) or dict.fromkeys(texts, 1.0)
    of: dict[str, TextField] = {name: TextField([words(row[name] or "") for row in everything]) for name in named}
    whole = TextField([together(row, texts) for row in everything])
    clauses = [clause for clause in match.clauses if words(clause.text)]
    if not any(clause.occur is not Occur.MUST_NOT for clause in clauses):
        return []
    must = any(clause.occur is Occur.MUST for clause in clauses)
    found: list[Scored] = []
    for row in rows:
        parts: list[float] = []
        having: list[tuple[Occur, bool]] = []
        for clause in clauses:
            as_one = not fields and clause.kind is ClauseKind.WORD and len(words(clause.text)) == 1
            scores = [of[name].score(clause, words(row[name] or "")) for name in named]
            if as_one:
                scores = [whole.score(clause, together(row, texts))]
            having.append((clause.occur, any(s is not None for s in scores)))
            if clause.occur is not Occur.MUST_NOT:
                weights = [clause.boost] if as_one else [weight * clause.boost for weight in named.values()]
                parts += [w * s for w, s in zip(weights, scores, strict=True) if s is not None]
        passes = all(has is (occur is Occur.MUST) for occur, has in having if occur is not Occur.SHOULD)
        should = [has for occur, has in having if occur is Occur.SHOULD]
        if passes and sum(should) >= max(min(least, len(should)), 0 if must else 1):
            found.append(Scored(row, sum(parts), tuple(sorted(parts) if len(parts) < 3 else parts)))
    return best_first(found)


def together(row: Row, texts: Sequence[str]) -> list[str]:
    """The words of all these fields; where there are several, those of one that has a third of the longest's characters
    or fewer count three times."""
    there = [row[name] for name in texts if row[name] is not None]
    longest = max(map(len, there), default=0)
    return [word for text in there for word in words(text) * (3 if len(text) * 3 <= longest else 1)]


def distance(one: str, other: str) -> int:
    """Letters to change, two neighbours exchanged being one change (optimal string alignment)."""
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i, a in enumerate(one, 1):
        for j, b in enumerate(other, 1):
            best = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, table[i - 2, j - 2] + 1)
            table[i, j] = best
    return table[len(one), len(other)]


def nearest(query: Vector, field_name: str, rows: list[Row]) -> list[Scored]:
    """The rows that have a vector, by cosine; of a vector of zeros it is 0."""
    having = [row for row in rows if row[field_name] is not None]
    return best_first([Scored(r, cosine(query, r[field_name]), direction(r[field_name])) for r in having])


def drawn(target: Vector, there: Sequence[Vector]) -> Vector:
    """A target moved towards the middle of vectors: 0.65 of its direction, 0.35 of theirs (Rocchio 1971)."""
    middle = direction([sum(numbers) for numbers in zip(*map(direction, there), strict=True)])
    return [0.65 * own + 0.35 * mean for own, mean in zip(direction(target), middle, strict=True)]


def diversified(ranked: Sequence[tuple[float, Vector]], balance: float) -> list[int]:
    """Maximal marginal relevance (Carbonell and Goldstein 1998) over scores brought to 0..1; of equal ones the first.
    Raises Undecided where 32 bits could not tell which is next."""
    low, high = min((s for s, _ in ranked), default=0.0), max((s for s, _ in ranked), default=0.0)
    relevance = [(s - low) / (high - low) if high > low else 1.0 for s, _ in ranked]
    chosen: list[int] = []
    while len(chosen) < len(ranked):
        worth: list[Scored] = []
        for i, (score, vector) in enumerate(ranked):
            if i not in chosen:
                nearest = max((cosine(vector, ranked[c][1]) for c in chosen), default=0.0)
                value = balance * relevance[i] - (1 - balance) * nearest
                worth.append(Scored({"place": i}, value, (score, direction(vector))))
        chosen.append(best_first(worth)[0].row["place"])
    return chosen


def cosine(one: Vector, other: Vector) -> float:
    lengths = math.sqrt(sum(x * x for x in one)) * math.sqrt(sum(x * x for x in other))
    return sum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0


def direction(vector: Vector) -> tuple[float, ...]:
    length = math.sqrt(sum(x * x for x in vector)) or 1.0
    return tuple(round(x / length, 6) for x in vector)
