"""Which words of a text a match speaks of, and where they are. The words that a text has are looked at once each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from paasq_daemon.index.analyzers import analyze, term_of_token
from paasq_daemon.index.tokenizer import Token, tokens_of_word
from paasq_dsl.syntax.match_query import ClauseKind, MatchQuery, Occur

Check: TypeAlias = Callable[[], None]  # raises where there is no time left

_CHUNK = 16_384  # characters between two looks at the time
_KEPT_CHARACTERS_MAX = 64
_ENDING_CHARACTERS_MAX = 3  # of a stem that may differ from the word: die of dying, happi of happy
_SOUGHT_WORDS_MAX = 64  # up to which looking for them is faster than going from word to word
_WORD, _SPACE = re.compile(r"\S+"), re.compile(r"\s")


class Hit(NamedTuple):
    """What in the match is answered (a term, a beginning, a word with mistakes), and where: `start` to before `end`."""

    word: str
    start: int
    end: int


def never() -> None:
    """A check that always passes."""


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
        starts = {term[: max(1, len(term) - _ENDING_CHARACTERS_MAX)] for term in self._terms} | set(self._prefixes)
        # A word in ASCII that answers begins as one of the terms does; any other may be folded to one.
        begins = "|".join(re.escape(start) for start in sorted(starts))
        within = "" if fuzzy else rf"|(?<![A-Za-z0-9])(?:{begins})" if begins else "|(?!)"
        self._may_answer = re.compile(rf"[^\x00-\x7f]{within}" if within else "", re.IGNORECASE | re.ASCII)

    def chunks(self, text: str, check: Check = never) -> Iterator[list[Hit]]:
        """The hits in the text, in order, of one part of it after the other; `check` is called before each."""
        start = 0 if self.words else len(text)
        while start < len(text):
            check()
            least = start + _CHUNK
            space = _SPACE.search(text, least, least + _CHUNK)
            end = space.start() if space else min(least + _CHUNK, len(text))
            yield self._hits(text, start, end)
            start = end

    def _hits(self, text: str, start: int, end: int) -> list[Hit]:
        likely = filter(self._may_answer.search, set(text[start:end].split()))
        answers = {word: found for word in likely if (found := self._of_word(word))}
        if not answers:
            return []
        if len(answers) > _SOUGHT_WORDS_MAX:
            places = ((place[0], place.start()) for place in _WORD.finditer(text, start, end))
        else:
            places = ((word, at) for word in answers for at in _places(word, text, start, end))
        found = [
            Hit(word, at + first, at + last) for place, at in places for word, first, last in answers.get(place, ())
        ]
        return sorted(found, key=_by_place)

    def _of_word(self, word: str) -> list[Hit]:
        """In a text without spaces."""
        found = self._known.get(word)
        if found is None:
            found = sorted({hit for token in tokens_of_word(word) for hit in self._of_token(token)}, key=_by_place)
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


def _places(word: str, text: str, start: int, end: int) -> Iterator[int]:
    """Where the word is, with spaces around it."""
    at = text.find(word, start, end)
    while at >= 0:
        stop = at + len(word)
        if (at == start or text[at - 1].isspace()) and (stop == end or text[stop].isspace()):
            yield at
        at = text.find(word, stop, end)


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
