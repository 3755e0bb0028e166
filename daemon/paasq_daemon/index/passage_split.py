"""A text in parts that can be read alone, and how well each answers a match."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator

from paasq_daemon.index.word_matcher import Check, WordMatcher, never
from paasq_dsl.syntax.match_query import MatchQuery

CHARACTERS_MAX = 480  # of a passage: some 120 tokens, half of what the bundled model reads
_FULL = CHARACTERS_MAX // 3  # a passage of so many characters is not carried on over the end of a paragraph
_K1, _B = 1.2, 0.75  # of BM25 (Robertson et al. 1994)

# One set of characters first, which a search comes to fast.
_BREAK = re.compile(r"""[.!?\n](?:(?<!\n)(?P<closing>["')\]]*)\s+|(?<=\n)[^\S\n]*\n\s*)""")


def split_passages(text: str) -> list[tuple[int, int]]:
    """The parts, (start, end) in characters, in order, without overlap: whole sentences as far as one fits."""
    found: list[tuple[int, int]] = []
    begun: int | None = None
    end, paragraph_ended = 0, False
    for start, stop, ends_paragraph in _sentences(text):
        full = begun is not None and (stop - begun > CHARACTERS_MAX or (paragraph_ended and end - begun >= _FULL))
        if begun is not None and full:
            found.append((begun, end))
            begun = None
        begun = start if begun is None else begun
        end, paragraph_ended = stop, ends_paragraph
    if begun is not None:
        found.append((begun, end))
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
    counts = [Counter[str]() for _ in parts]
    number = 0
    for hit in (hit for chunk in WordMatcher(match, language).chunks(text, check) for hit in chunk):
        while number < len(parts) and parts[number][1] <= hit.start:
            number += 1
        if number < len(parts):
            counts[number][hit.word] += 1
    return [
        sum(weight(word) * count * (_K1 + 1) / (count + _norm(end - start)) for word, count in counted.items())
        for counted, (start, end) in zip(counts, parts, strict=True)
    ]


def inverse_document_frequency(records: int, having: int) -> float:
    """The weight of a word that `having` of the records have."""
    return math.log(1 + (records - having + 0.5) / (having + 0.5))


def _norm(length: int) -> float:
    return _K1 * (1 - _B + _B * length / CHARACTERS_MAX)


def _sentences(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start, end, and whether a paragraph ends there; a sentence that is too long in pieces."""
    start = len(text) - len(text.lstrip())
    for found in _BREAK.finditer(text, start):
        end = found.start()
        if found["closing"] is not None:
            end = found.end("closing")
        else:
            while end > start and text[end - 1].isspace():
                end -= 1
        yield from _pieces(text, start, end, ends_paragraph=found[0].count("\n") > 1)
        start = found.end()
    yield from _pieces(text, start, len(text.rstrip()), ends_paragraph=True)


def _pieces(text: str, start: int, end: int, *, ends_paragraph: bool) -> Iterator[tuple[int, int, bool]]:
    while end - start > CHARACTERS_MAX:
        space = next(
            (i for i in range(start + CHARACTERS_MAX, start + CHARACTERS_MAX // 2, -1) if text[i].isspace()), None
        )
        cut = start + CHARACTERS_MAX if space is None else space
        yield start, start + len(text[start:cut].rstrip()), False
        start = cut + len(text[cut:end]) - len(text[cut:end].lstrip())
    if start < end:
        yield start, end, ends_paragraph
