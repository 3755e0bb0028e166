"""A text in parts that can be read alone, and how well each answers a match."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable

import numpy as np

from paasq_daemon.index.column import Ints, Mask
from paasq_daemon.index.letter_kinds import SPACE, codes_of, kinds_of
from paasq_daemon.index.word_matcher import WordMatcher
from paasq_daemon.wire.cancellation import Check, never
from paasq_dsl.syntax.match_query import MatchQuery

CHARACTERS_MAX = 480  # of a passage: some 120 tokens, half of what the bundled model reads
_FULL = CHARACTERS_MAX // 3  # a passage of so many characters is not carried on over the end of a paragraph
_K1, _B = 1.2, 0.75  # of BM25 (Robertson et al. 1994)
_BLOCK = 1 << 18  # characters between two looks at the time
_BREAK = ord("\n")
_ENDS, _CLOSING = ".!?", "\"')]"  # of a sentence, and what may follow before the space


def split_passages(text: str, check: Check = never) -> list[tuple[int, int]]:
    """The parts, (start, end) in characters, in order, without overlap: whole sentences as far as one fits. `check` is called
    often."""
    starts, ends, last_of_paragraphs = _sentences(text, check)
    found: list[tuple[int, int]] = []
    first, count = 0, len(starts)
    while first < count:
        start = starts[first]
        following = max(first + 1, bisect_right(ends, start + CHARACTERS_MAX, first))
        full = bisect_left(ends, start + _FULL, first)
        at = bisect_left(last_of_paragraphs, full)
        if at < len(last_of_paragraphs):
            following = min(following, last_of_paragraphs[at] + 1)
        found.append((start, ends[following - 1]))
        first = following
    return found


def bm25_scores(
    match: MatchQuery,
    language: str | None,
    text: str,
    parts: list[tuple[int, int]],
    weight: Callable[[str], float],
    check: Check = never,
) -> list[float]:
    """BM25 of each part for the words of the match, where `weight` says what a word is worth. A part of greatest length
    counts as one of average length: so a part's score depends on no other text. `check` is called often."""
    matcher = WordMatcher(match, language)
    chunks = list(matcher.chunks(text, check))
    if not parts or not matcher.vocabulary:
        return [0.0] * len(parts)
    starts, ends = np.array(parts).T
    number = np.searchsorted(ends, np.concatenate([chunk.start for chunk in chunks]), "right")
    number = np.maximum.accumulate(number)  # hits of a word that is written over may begin before the last one
    pair = number * len(matcher.vocabulary) + np.concatenate([chunk.word for chunk in chunks])
    pairs, first, count = np.unique(pair[number < len(parts)], return_index=True, return_counts=True)
    order = np.argsort(first)  # sums depend on it in their last digits
    number, word = np.divmod(pairs[order], len(matcher.vocabulary))
    weights = np.array([weight(each) for each in matcher.vocabulary])
    norm = _K1 * (1 - _B + _B * (ends - starts) / CHARACTERS_MAX)
    worth = weights[word] * count[order] * (_K1 + 1) / (count[order] + norm[number])
    scores: list[float] = np.bincount(number, worth, len(parts)).tolist()
    return scores


def inverse_document_frequency(records: int, having: int) -> float:
    """The weight of a word that `having` of the records have."""
    return math.log(1 + (records - having + 0.5) / (having + 0.5))


def _sentences(text: str, check: Check) -> tuple[list[int], list[int], list[int]]:
    """Starts and ends, one that is too long in pieces; and the numbers of those with which a paragraph ends.

    One ends before a run of spaces that has two line breaks, or follows its sign of ending.
    """
    starts, stops, lines = _runs_of_spaces(text, check)
    end = len(text)
    if len(stops) and stops[-1] == end:
        end = int(starts[-1])
        starts, stops, lines = starts[:-1], stops[:-1], lines[:-1]
    begin = 0
    if len(starts) and not starts[0]:
        begin = int(stops[0])
        starts, stops, lines = starts[1:], stops[1:], lines[1:]
    if begin >= end:
        return [], [], []
    breaks = (lines > 1) | _follows_an_end(text, starts)
    begins, ends = np.append(begin, stops[breaks]), np.append(starts[breaks], end)
    more, more_ends = _cuts(begins, ends, starts, stops)
    paragraphs = ends[:-1][lines[breaks] > 1]
    begins, ends = np.sort(np.append(begins, more)), np.sort(np.append(ends, more_ends))
    return begins.tolist(), ends.tolist(), np.searchsorted(ends, paragraphs).tolist()


def _runs_of_spaces(text: str, check: Check) -> tuple[Ints, Ints, Ints]:
    """Where each starts and ends, and how many line breaks it has."""
    found: list[Ints] = []
    for start in range(0, len(text), _BLOCK):
        check()
        found.append(np.flatnonzero(kinds_of(text[start : start + _BLOCK]) == SPACE) + start)
    places = np.concatenate(found) if found else np.empty(0, np.int64)
    if not len(places):
        return places, places, places
    apart = np.flatnonzero(np.diff(places) > 1)
    starts, ends = places[np.append(0, apart + 1)], places[np.append(apart, len(places) - 1)] + 1
    breaks = places[codes_of(text)[places] == _BREAK]
    return starts, ends, np.bincount(np.searchsorted(starts, breaks, "right") - 1, minlength=len(starts))


def _follows_an_end(text: str, places: Ints) -> Mask:
    """Whether before each place, which is not the first character, a sentence ends."""
    before = codes_of(text)[places - 1]
    found = np.isin(before, _codes(_ENDS), kind="table")
    for number in np.flatnonzero(np.isin(before, _codes(_CLOSING), kind="table")).tolist():
        at = int(places[number]) - 2
        while at >= 0 and text[at] in _CLOSING:
            at -= 1
        found[number] = at >= 0 and text[at] in _ENDS
    return found


def _cuts(begins: Ints, ends: Ints, spaces: Ints, after_spaces: Ints) -> tuple[Ints, Ints]:
    """Starts and ends within sentences that are too long: at the last space of the second half of what fits, or without one."""
    starts, stops = list[int](), list[int]()
    long = ends - begins > CHARACTERS_MAX
    for begin, end in zip(begins[long].tolist(), ends[long].tolist(), strict=True):
        start = begin
        while end - start > CHARACTERS_MAX:
            stop = start = start + CHARACTERS_MAX
            run = int(np.searchsorted(spaces, stop, "right")) - 1
            if run >= 0 and after_spaces[run] > stop - CHARACTERS_MAX // 2 + 1:
                stop, start = int(spaces[run]), int(after_spaces[run])
            stops.append(stop)
            starts.append(start)
    return np.array(starts, np.int64), np.array(stops, np.int64)


def _codes(characters: str) -> list[int]:
    return [ord(character) for character in characters]
