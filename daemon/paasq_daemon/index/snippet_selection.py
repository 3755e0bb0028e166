"""The passage of a text that shows best why it was found."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.index.analyzers import Term, analyze
from paasq_dsl.syntax.match_query import ClauseKind, MatchQuery, Occur

_ELLIPSIS_NEAR = 40  # characters before the first hit that are shown where there is room


@dataclass(frozen=True, slots=True)
class Snippet:
    """An unchanged part of a text from character `start` on; `highlights` are ranges within the part,
    in order and apart."""

    text: str
    highlights: tuple[tuple[int, int], ...] = ()
    start: int = 0


def select_snippet(match: MatchQuery, language: str | None, text: str, chars: int) -> Snippet:
    """At most `chars` characters, cut at words, with as many different words of the match in them as can be had.

    The beginning of the text where nothing of the match is in it.
    """
    if chars <= 0:
        return Snippet("")
    found = matching_words(match, language, text)
    first = _best_first(found, chars) if found else 0
    here = found[first:] if found else []
    start = _start(text, here[0][1].start, chars) if here else 0
    end = _end(text, start, chars)
    inside = [(t.start - start, t.end - start) for _, t in found if start <= t.start and t.end <= end]
    return Snippet(text[start:end], tuple(_joined(inside)), start)


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those that touch or overlap as one: a word may answer two words of the match, or be several terms."""
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def matching_words(match: MatchQuery, language: str | None, text: str) -> list[tuple[str, Term]]:
    """The words of the text that the match speaks of, in order, each with what in the match it answers."""
    clauses = [clause for clause in match.clauses if clause.occur is not Occur.MUST_NOT]
    plain = {
        t.text for c in clauses if c.kind in {ClauseKind.WORD, ClauseKind.PHRASE} for t in analyze(c.text, language)
    }
    found = [(term.text, term) for term in analyze(text, language) if term.text in plain]
    prefixes = [term.text for c in clauses if c.kind is ClauseKind.PREFIX for term in analyze(c.text, None)[-1:]]
    if prefixes:
        found += [(p, term) for term in analyze(text, None) for p in prefixes if term.text.startswith(p)]
    fuzzy = [clause for clause in clauses if clause.kind is ClauseKind.FUZZY]
    for analyzed in dict.fromkeys((language, None)) if fuzzy else ():  # by stem, and as they are written
        near = [(term.text, clause.edit_distance) for clause in fuzzy for term in analyze(clause.text, analyzed)]
        for term in analyze(text, analyzed):
            found += [(word, term) for word, edits in near if within_edit_distance(word, term.text, edits)]
    return sorted(found, key=lambda hit: (hit[1].start, hit[0]))


def _best_first(hits: list[tuple[str, Term]], chars: int) -> int:
    """The hit from which a passage of `chars` has the most different words, then the most hits, then the earliest."""
    best, best_first, end = (0, 0), 0, 0
    counts: dict[str, int] = {}
    for first, (word, term) in enumerate(hits):
        while end < len(hits) and hits[end][1].end <= term.start + chars:
            counts[hits[end][0]] = counts.get(hits[end][0], 0) + 1
            end += 1
        value = len(counts), end - first
        if value > best:
            best, best_first = value, first
        if end == first:  # a word longer than the passage
            end += 1
            continue
        counts[word] -= 1
        if not counts[word]:
            del counts[word]
    return best_first


def _start(text: str, hit: int, chars: int) -> int:
    """Where a passage that shows a hit begins: a little before it, at a word, and early enough to be full."""
    start = max(0, hit - min(_ELLIPSIS_NEAR, chars // 4), min(hit, 0))
    if start + chars > len(text):
        start = max(0, min(hit, len(text) - chars))
    if start and not text[start - 1].isspace():
        space = next((i for i in range(start, hit) if text[i].isspace()), hit - 1)
        start = space + 1
    return start


def _end(text: str, start: int, chars: int) -> int:
    end = start + chars
    if end >= len(text):
        return len(text)
    if text[end].isspace():
        return end
    space = next((i for i in range(end - 1, start + chars // 2, -1) if text[i].isspace()), None)
    return end if space is None else space


def within_edit_distance(word: str, other: str, edits: int) -> bool:
    """Whether the words are at most `edits` apart: letters changed, added, left out, or two neighbours swapped."""
    if abs(len(word) - len(other)) > edits:
        return False
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        row = [i]
        for j, other_letter in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other_letter))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == other_letter:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1] <= edits
