"""Which words of a text a match speaks of, and where they are. The words that a text has are looked at once each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np

from paasq_daemon.index.analyzers import analyze, distinct_tokens, term_of_token, terms_of_tokens, tokens_in_language
from paasq_daemon.index.column import Ints
from paasq_daemon.index.edit_distance import within_edit_distance
from paasq_daemon.index.letter_kinds import MIXED, SEPARATOR, SPACE, UNSPACED, WITHIN, Kinds, is_letter, kinds_of
from paasq_daemon.index.tokenizer import Token
from paasq_daemon.wire.cancellation import Check, never
from paasq_dsl.syntax.match_query import ClauseKind, MatchQuery, Occur

_CHUNK = 16_384  # characters between two looks at the time
_KEPT_CHARACTERS_MAX = 64
_ENDING_CHARACTERS_MAX = 3  # of a stem that may differ from the word: die of dying, happi of happy
_COMPARED_LETTERS_MAX = 4  # of the beginning of a term, to leave out words that cannot be it
_PREFIXES_STRIPPED = frozenset({"ar", "ta"})  # languages whose stemmers take away more than endings
_SPACE = re.compile(r"\s")
_TOGETHER_MAX = 16  # chunks whose words are compared at once with one that may have mistakes
_PADDING = np.full(_COMPARED_LETTERS_MAX, SEPARATOR, np.int32)

_Pieces: TypeAlias = tuple[Ints, Ints, Ints, Ints]  # starts and ends, and the same with the neighbours
T = TypeVar("T")


class Hit(NamedTuple):
    """What in the match is answered (a term, a beginning, a word with mistakes), and where: `start` to before `end`."""

    word: str
    start: int
    end: int


class Hits(NamedTuple):
    """Many hits: `word` are places in `WordMatcher.vocabulary`, the others as in `Hit`."""

    word: Ints
    start: Ints
    end: Ints


_NO_HITS = Hits(*[np.empty(0, np.int64)] * 3)


class WordMatcher:
    """The words of one match, as one language has them. `words` is how many different ones there are, and `vocabulary` has those
    that were found so far."""

    def __init__(self, match: MatchQuery, language: str | None) -> None:
        self.vocabulary: list[str] = []
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
        self._near_of: dict[str, set[str]] = {}  # by token
        self._words_seen: set[str] = set()
        self._numbers: dict[str, int] = {}  # of the vocabulary
        cut = 0 if language is None else _ENDING_CHARACTERS_MAX
        begins = {term[: max(1, len(term) - cut)] for term in self._terms} | set(self._prefixes)
        self._begins = {begin: _letters_of(begin) for begin in begins}
        self._seeks = language not in _PREFIXES_STRIPPED

    def chunks(self, text: str, check: Check = never) -> Iterator[Hits]:
        """The hits in the text, in order, of one part of it after the other; `check` is called before each, and often in one
        that takes long."""
        for some in _growing(self._parts(text)):
            check()
            if self._near:
                words = {word for _, part in some for word in part.split()} - self._words_seen
                self._words_seen |= words
                self._learn(distinct_tokens(words, self._language))
            for start, part in some:
                check()
                found = self._in_part(part, check)
                yield Hits(found.word, found.start + start, found.end + start)

    def hits(self, hits: Hits) -> list[Hit]:
        """The same, one by one."""
        columns = (each.tolist() for each in hits)
        return [Hit(self.vocabulary[word], start, end) for word, start, end in zip(*columns, strict=True)]

    def _parts(self, text: str) -> Iterator[tuple[int, str]]:
        start = 0 if self.words else len(text)
        while start < len(text):
            least = start + _CHUNK
            space = _SPACE.search(text, least, least + _CHUNK)
            end = space.start() if space else min(least + _CHUNK, len(text))
            yield start, text[start:end]
            start = end

    def _learn(self, tokens: Iterable[str]) -> None:
        """Find which words with mistakes each token is; look for those that are one by their beginnings, too."""
        fresh = [token for token in tokens if token not in self._near_of]
        self._near_of.update({token: set() for token in fresh})
        for by, near in self._near.items():
            terms = terms_of_tokens(fresh, by)
            tokens_of = [token for token, term in zip(fresh, terms, strict=True) if term is not None]
            written = [term for term in terms if term is not None]
            for word, edits in near:
                for n in np.flatnonzero(within_edit_distance(written, word, edits)).tolist():
                    self._near_of[tokens_of[n]].add(word)
        for token in fresh:
            if self._near_of[token]:
                begin = (term_of_token(token, None) or "")[:_COMPARED_LETTERS_MAX]
                self._begins.setdefault(begin, _letters_of(begin))

    def _in_part(self, text: str, check: Check) -> Hits:
        """Only words are taken apart that begin as one of the terms does, where that can be said."""
        kinds = kinds_of(text)
        if self._seeks and all(len(begin) for begin in self._begins.values()):
            return self._in_pieces(text, self._likely_pieces(kinds), check)
        edges = np.flatnonzero(np.diff(kinds == SPACE, prepend=True, append=True))
        words = edges[::2], edges[1::2]
        return self._in_pieces(text, (*words, *words), check)

    def _in_pieces(self, text: str, pieces: _Pieces, check: Check) -> Hits:
        start, end, left, right = pieces
        words = [text[a:b] for a, b in zip(left.tolist(), right.tolist(), strict=True)]
        distinct = {word: number for number, word in enumerate(dict.fromkeys(words))}
        found = [self._of_word(word, check) for word in distinct]
        counts = np.fromiter(map(len, found), np.int64, len(found))
        flat = [(self._number(hit.word), hit.start, hit.end) for hits in found for hit in hits]
        if not flat:
            return _NO_HITS
        columns = np.array(flat, np.int64).T
        which = np.fromiter(map(distinct.__getitem__, words), np.int64, len(words))
        piece = np.repeat(np.arange(len(words)), counts[which])  # of each hit
        first = np.cumsum(counts[which]) - counts[which]
        at = np.arange(len(piece)) - first[piece] + (np.cumsum(counts) - counts)[which[piece]]
        hits = Hits(columns[0][at], columns[1][at] + left[piece], columns[2][at] + left[piece])
        inside = (hits.start >= start[piece]) & (hits.end <= end[piece])  # the neighbours are there to decide alone
        return Hits(*(each[inside] for each in hits))

    def _number(self, word: str) -> int:
        number = self._numbers.setdefault(word, len(self._numbers))
        if number == len(self.vocabulary):
            self.vocabulary.append(word)
        return number

    def _likely_pieces(self, kinds: Kinds) -> _Pieces:
        """Where there may be an answer: each letter that is a token by itself is a piece with its marks, and so is what is
        between two such letters or spaces. Its start and end, and the same with the neighbours, which decide whether its `C#` is
        one token."""
        alone = kinds >= UNSPACED
        begins = alone | (kinds > WITHIN)
        begins[1:] &= alone[1:] | ~is_letter(kinds[:-1])
        places = np.flatnonzero(begins)
        padded = np.concatenate([kinds, _PADDING])
        likely = kinds[places] == MIXED
        for begin in self._begins.values():
            likely[_beginning_so(padded, places, begin)] = True
        places = places[likely]
        if (kinds == MIXED).any():
            places = np.union1d(places, np.flatnonzero(kinds == MIXED))
        if not len(places):
            return places, places, places, places
        bounds, no_marks = np.flatnonzero(alone | (kinds == SPACE)), np.flatnonzero(kinds != WITHIN)
        at = np.searchsorted(bounds, places)
        left, right = np.append(0, bounds + 1)[at], np.append(bounds, len(kinds))[at]
        single = places[alone[places]]
        left[alone[places]] = single
        right[alone[places]] = np.append(no_marks, len(kinds))[np.searchsorted(no_marks, single + 1)]
        fresh = np.append(True, left[1:] != left[:-1])
        left, right = left[fresh], right[fresh]
        spaces = np.concatenate([[True], kinds == SPACE, [True]])  # by one place later
        return left, right, left - ~spaces[left], right + ~spaces[right + 1]

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
        if self._near:
            if token.text not in self._near_of:  # of a word that is cut
                self._learn([token.text])
            yield from (Hit(word, token.start, token.end) for word in self._near_of[token.text])


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


def _growing(parts: Iterator[T]) -> Iterator[list[T]]:
    """One of them, the next two, four, ...: what looks at many at once has little to do where the first are enough."""
    count = 1
    while some := list(islice(parts, count)):
        yield some
        count = min(2 * count, _TOGETHER_MAX)
