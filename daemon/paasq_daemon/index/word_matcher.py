"""Which words of a text a match speaks of, and where they are. The words that a text has are looked at once each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from paasq_daemon.index.analyzers import analyze, term_of_token, tokens_in_language
from paasq_daemon.index.column import Ints
from paasq_daemon.index.letter_kinds import MIXED, SEPARATOR, SPACE, UNSPACED, WITHIN, Kinds, is_letter, kinds_of
from paasq_daemon.index.tokenizer import Token
from paasq_daemon.wire.cancellation import Check, never
from paasq_dsl.syntax.match_query import ClauseKind, MatchQuery, Occur

_CHUNK = 16_384  # characters between two looks at the time
_KEPT_CHARACTERS_MAX = 64
_ENDING_CHARACTERS_MAX = 3  # of a stem that may differ from the word: die of dying, happi of happy
_COMPARED_LETTERS_MAX = 4  # of the beginning of a term, to leave out words that cannot be it
_PREFIXES_STRIPPED = frozenset({"ar", "ta"})  # languages whose stemmers take away more than endings
_WORD, _SPACE = re.compile(r"\S+"), re.compile(r"\s")
_PADDING = np.full(_COMPARED_LETTERS_MAX, SEPARATOR, np.int32)


class Hit(NamedTuple):
    """What in the match is answered (a term, a beginning, a word with mistakes), and where: `start` to before `end`."""

    word: str
    start: int
    end: int


class WordMatcher:
    """The words of one match, as one language has them. `words` is how many different ones there are."""

    def __init__(self, match: MatchQuery, language: str | None) -> None:
        self._language = language
        clauses = [clause for clause in match.clauses if clause.occur is not Occur.MUST_NOT]
        exact = {ClauseKind.WORD, ClauseKind.PHRASE}
        self._terms = {t.text for c in clauses if c.kind in exact for t in analyze(c.text, language)}
        prefixes = [term.text for c in clauses if c.kind is ClauseKind.PREFIX for term in analyze(c.text, None)[-1:]]
        self._prefixes = tuple(dict.fromkeys(prefixes))
        fuzzy = [clause for clause in clauses if clause.kind is ClauseKind.FUZZY]
        self._near = {  # by stem, and as they are written
            by: [(term.text, clause.edit_distance) for clause in fuzzy for term in analyze(clause.text, by)]
            for by in ((language, None) if fuzzy else ())
        }
        self.words = len(self._terms) + len(self._prefixes) + len(self._near.get(language, ()))
        self._known: dict[str, list[Hit]] = {}
        cut = 0 if language is None else _ENDING_CHARACTERS_MAX
        begins = {term[: max(1, len(term) - cut)] for term in self._terms} | set(self._prefixes)
        self._begins = [_letters_of(begin) for begin in sorted(begins)]
        self._seeks = not fuzzy and language not in _PREFIXES_STRIPPED and all(len(each) for each in self._begins)

    def chunks(self, text: str, check: Check = never) -> Iterator[list[Hit]]:
        """The hits in the text, in order, of one part of it after the other; `check` is called before each, and often in one
        that takes long."""
        start = 0 if self.words else len(text)
        while start < len(text):
            check()
            least = start + _CHUNK
            space = _SPACE.search(text, least, least + _CHUNK)
            end = space.start() if space else min(least + _CHUNK, len(text))
            part = text[start:end]
            found = self._in_likely_pieces(part, check) if self._seeks else self._in_all_words(part, check)
            yield [Hit(hit.word, start + place + hit.start, start + place + hit.end) for place, hit in found]
            start = end

    def _in_all_words(self, text: str, check: Check) -> list[tuple[int, Hit]]:
        """Each with the place from which it counts."""
        answers = {word: found for word in set(text.split()) if (found := self._of_word(word, check))}
        return [(word.start(), hit) for word in _WORD.finditer(text) for hit in answers.get(word[0], ())]

    def _in_likely_pieces(self, text: str, check: Check) -> list[tuple[int, Hit]]:
        """The same, of which only words are taken apart that begin as one of the terms does."""
        found: list[tuple[int, Hit]] = []
        for start, end, left, right in self._likely_pieces(kinds_of(text)):
            hits = self._of_word(text[left:right], check)
            if left < start or right > end:
                hits = [hit for hit in hits if start <= left + hit.start and left + hit.end <= end]
            if hits:
                found += [(left, hit) for hit in hits]
        return found

    def _likely_pieces(self, kinds: Kinds) -> list[tuple[int, int, int, int]]:
        """Where there may be an answer: each letter that is a token by itself is a piece with its marks, and so is what is
        between two such letters or spaces. Its start and end, and the same with the neighbours, which decide whether its `C#` is
        one token."""
        alone = kinds >= UNSPACED
        begins = alone | (kinds > WITHIN)
        begins[1:] &= alone[1:] | ~is_letter(kinds[:-1])
        places = np.flatnonzero(begins)
        padded = np.concatenate([kinds, _PADDING])
        likely = kinds[places] == MIXED
        for begin in self._begins:
            likely[_beginning_so(padded, places, begin)] = True
        places = places[likely]
        if (kinds == MIXED).any():
            places = np.union1d(places, np.flatnonzero(kinds == MIXED))
        if not len(places):
            return []
        bounds, no_marks = np.flatnonzero(alone | (kinds == SPACE)), np.flatnonzero(kinds != WITHIN)
        at = np.searchsorted(bounds, places)
        left, right = np.append(0, bounds + 1)[at], np.append(bounds, len(kinds))[at]
        single = places[alone[places]]
        left[alone[places]] = single
        right[alone[places]] = np.append(no_marks, len(kinds))[np.searchsorted(no_marks, single + 1)]
        fresh = np.append(True, left[1:] != left[:-1])
        left, right = left[fresh], right[fresh]
        spaces = np.concatenate([[True], kinds == SPACE, [True]])  # by one place later
        ranges = left, right, left - ~spaces[left], right + ~spaces[right + 1]
        return list(zip(*(each.tolist() for each in ranges), strict=True))

    def _of_word(self, word: str, check: Check) -> list[Hit]:
        """In a text without spaces."""
        found = self._known.get(word)
        if found is None:
            hits: set[Hit] = set()
            for token in tokens_in_language(word, self._language):
                check()
                hits.update(self._of_token(token))
            found = sorted(hits, key=_by_place)
            if len(word) <= _KEPT_CHARACTERS_MAX:
                self._known[word] = found
        return found

    def _of_token(self, token: Token) -> Iterator[Hit]:
        term = term_of_token(token.text, self._language)
        if term in self._terms:
            yield Hit(term, token.start, token.end)
        if self._prefixes and (written := term_of_token(token.text, None)) is not None:
            yield from (Hit(p, token.start, token.end) for p in self._prefixes if written.startswith(p))
        for by, near in self._near.items():
            other = term_of_token(token.text, by)
            if other is not None:
                near_it = (word for word, edits in near if within_edit_distance(word, other, edits))
                yield from (Hit(word, token.start, token.end) for word in near_it)


def _letters_of(begin: str) -> Kinds:
    """The kinds of what a word has to begin with; none where that cannot be said."""
    kinds = kinds_of(begin.lstrip("."))  # of .NET the dot may be missed
    others = np.flatnonzero(kinds <= MIXED)
    return kinds[: others[0] if len(others) else _COMPARED_LETTERS_MAX][:_COMPARED_LETTERS_MAX]


def _beginning_so(padded: Kinds, places: Ints, begin: Kinds) -> Ints:
    """Which of the places, as indices, have the letters of `begin` there, as far as this can be said by single letters."""
    likely, sure = np.flatnonzero(padded[places] == begin[0]), [np.empty(0, np.int64)]
    for number, letter in enumerate(begin[1:], 1):
        here = padded[places[likely] + number]
        sure.append(likely[(here == WITHIN) | (here == MIXED)])
        likely = likely[here == letter]
    return np.concatenate([*sure, likely])


def _by_place(hit: Hit) -> tuple[int, str]:
    return hit.start, hit.word


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
        if min(row) > edits and min(last) >= edits:  # two letters exchanged lead on from the row before
            return False
        before, last = last, row
    return last[-1] <= edits
