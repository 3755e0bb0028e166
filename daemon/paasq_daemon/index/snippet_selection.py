"""The passage of a text that shows best why it was found."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import Ints
from paasq_daemon.index.word_matcher import Hit, WordMatcher
from paasq_daemon.wire.cancellation import Check, never
from paasq_dsl.syntax.match_query import MatchQuery

_ROOM, _ROOM_PASSAGES = 4_000, 8  # characters of a window, at least, and how many passages it holds
_LOOKED_AT = 250_000  # characters from the first hit on
_NONE = np.empty(0, np.int64)
_SPACE = re.compile(r"\s")
_ELLIPSIS_NEAR = 40  # characters before the first hit that are shown where there is room


@dataclass(frozen=True, slots=True)
class Snippet:
    """An unchanged part of a text from character `start` on; `highlights` are ranges within the part,
    in order and apart."""

    text: str
    highlights: tuple[tuple[int, int], ...] = ()
    start: int = 0


def select_window(match: MatchQuery, language: str | None, text: str, chars: int, check: Check = never) -> str:
    """The part of a text in which to look for a passage of `chars` characters: the whole of a short text, of a long one some
    passages, with the first that has all words of the match in it, or else the one that has most within a quarter of a
    million characters from the first hit. `check` is called often."""
    room = max(_ROOM, _ROOM_PASSAGES * chars)
    if len(text) <= 2 * room:
        return text
    matcher = WordMatcher(match, language)
    best, hit, before = (0, 0), 0, list[Hit]()
    last = len(text)
    for hits in matcher.chunks(text, check):
        chunk = matcher.hits(hits)
        found = before + chunk
        if not found:
            continue
        value, first = _best_first(found, chars)
        last = min(last, found[0].start + _LOOKED_AT)
        if value > best:
            best, hit = value, found[first].start
        if best[0] == matcher.words or found[-1].end > last:
            break
        before = [one for one in chunk if one.start > chunk[-1].end - chars]
    start, end = max(0, hit - room // 2), hit + room
    space = _SPACE.search(text, start, hit) if start else None
    return text[space.end() if space else start : end]


def select_snippet(match: MatchQuery, language: str | None, text: str, chars: int, check: Check = never) -> Snippet:
    """At most `chars` characters, cut at words, with as many different words of the match in them as can be had.

    The beginning of the text where nothing of the match is in it. `check` is called often.
    """
    if chars <= 0:
        return Snippet("")
    matcher = WordMatcher(match, language)
    chunks = list(matcher.chunks(text, check))
    found = [hit for chunk in chunks for hit in matcher.hits(chunk)] if chars < len(text) else []
    start = _start(text, found[_best_first(found, chars)[1]].start, chars) if found else 0
    end = _end(text, start, chars)
    starts, ends = (np.concatenate([_NONE, *each]) for each in ([c.start for c in chunks], [c.end for c in chunks]))
    inside = (start <= starts) & (ends <= end)
    return Snippet(text[start:end], _joined(starts[inside] - start, ends[inside] - start), start)


def _joined(starts: Ints, ends: Ints) -> tuple[tuple[int, int], ...]:
    """Those that touch or overlap as one: a word may answer two words of the match, or be several terms."""
    if not len(starts):
        return ()
    reached = np.maximum.accumulate(ends)
    apart = np.flatnonzero(starts[1:] > reached[:-1])
    firsts, lasts = np.append(0, apart + 1), np.append(apart, len(starts) - 1)
    return tuple(zip(starts[firsts].tolist(), reached[lasts].tolist(), strict=True))


def _best_first(hits: list[Hit], chars: int) -> tuple[tuple[int, int], int]:
    """The hit from which a passage of `chars` has the most different words, then the most hits, then the earliest; after
    these two numbers."""
    best, best_first, end = (0, 0), 0, 0
    counts: dict[str, int] = {}
    for first, (word, start, _) in enumerate(hits):
        while end < len(hits) and hits[end].end <= start + chars:
            counts[hits[end].word] = counts.get(hits[end].word, 0) + 1
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
    return best, best_first


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
