r"""The little language inside the string of a `match`: words, "phrases", prefix*, fuzzy~1, +must, -must_not.

A clause without a sign adds to the score of a row that has it; at least one of these, or all of the `+` ones, must be there.
`"a phrase"~2` allows two words between, `word^3` triples a weight, `\` takes the next character as it is; before a letter or
digit it is a character like any other, as in `C:\temp`.
A person who writes a query is told what is not well-formed; where the words come from somebody who does not know the signs,
who only wants to find something, they are read leniently.
Everything is bounded here, because an index walks what this returns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from paasq_dsl.diagnostics import CodedError

Number = TypeVar("Number", int, float)

TEXT_BYTES_MAX = 4096
CLAUSES_MAX = 256
EDIT_DISTANCE_MAX = 2
SLOP_MAX = 100
BOOST_MAX = 1000.0


class Occur(StrEnum):
    """How a clause counts: adds to the score, must match, or must not match."""

    SHOULD = "should"
    MUST = "must"
    MUST_NOT = "must_not"


class ClauseKind(StrEnum):
    """How a clause compares its text with the terms of the index."""

    WORD = "word"
    PHRASE = "phrase"
    PREFIX = "prefix"
    FUZZY = "fuzzy"


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a match text. `text` is not yet analysed: the index cuts and stems it as it did the field.

    `edit_distance` counts letters changed (fuzzy), `slop` words between (phrase).
    """

    occur: Occur
    kind: ClauseKind
    text: str
    boost: float = 1.0
    edit_distance: int = 0
    slop: int = 0


@dataclass(frozen=True, slots=True)
class MatchQuery:
    """A parsed match text: its clauses in the order of the text, at most `CLAUSES_MAX`."""

    clauses: tuple[Clause, ...]


class MatchQueryError(CodedError):
    """What is wrong with a match text, with the offset of it in the text."""

    def __init__(self, code: str, offset: int, **words: Any) -> None:
        super().__init__(code, **words)
        self.offset = offset


_PHRASE = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_WORD = re.compile(r'(?:\\.|[^\s"\\])+', re.DOTALL)
_ESCAPE = re.compile(r"\\([^a-zA-Z0-9])", re.DOTALL)
_TAIL = re.compile(r"(?:~(?P<near>\d+))?(?:\^(?P<boost>\d+(?:\.\d+)?))?$")
_TAIL_AFTER_PHRASE = re.compile(r"(?:~(\d+))?(?:\^(\d+(?:\.\d+)?))?(?=\s|$)")
_SIGNS = {"+": Occur.MUST, "-": Occur.MUST_NOT}


def parse_match_query(text: str, *, lenient: bool = False) -> MatchQuery:
    r"""Raises MatchQueryError where the text is too long, has an open quote, or a number out of its range. With `lenient`
    the last two are plain words, as if their signs had a `\`, and a text is too long where it has too many clauses alone."""
    if not lenient and len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES_MAX:
        raise MatchQueryError("PQ0140", 0, most=f"{TEXT_BYTES_MAX:,}")
    clauses: list[Clause] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        start = at
        try:
            clause, at = _clause(text, at)
        except MatchQueryError:
            if not lenient:
                raise
            clause, at = _plain(text, at)
        if clause is not None:
            clauses.append(clause)
        if len(clauses) > CLAUSES_MAX:
            raise MatchQueryError("PQ0141", start, most=CLAUSES_MAX)
    return MatchQuery(tuple(clauses))


def _clause(text: str, at: int) -> tuple[Clause | None, int]:
    """The clause that begins here, None where it has no words, and where it ends."""
    occur = _SIGNS.get(text[at], Occur.SHOULD)
    if occur is not Occur.SHOULD and at + 1 < len(text) and not text[at + 1].isspace():
        at += 1
    else:
        occur = Occur.SHOULD
    return _phrase(text, at, occur) if text[at] == '"' else _word(text, at, occur)


def _plain(text: str, at: int) -> tuple[Clause | None, int]:
    """What is no well-formed clause: to the next space or quote as a word; a quote itself is none."""
    word = _WORD.match(text, at)
    if word is None:
        return None, at + 1
    return Clause(Occur.SHOULD, ClauseKind.WORD, _unescape(word[0])), word.end()


def _phrase(text: str, at: int, occur: Occur) -> tuple[Clause | None, int]:
    body = _PHRASE.match(text, at)
    if body is None:
        raise MatchQueryError("PQ0142", at)
    tail = _TAIL_AFTER_PHRASE.match(text, body.end())
    slop = _bounded(int(tail[1]) if tail and tail[1] else 0, SLOP_MAX, "PQ0143", at)
    boost = _bounded(float(tail[2]) if tail and tail[2] else 1.0, BOOST_MAX, "PQ0144", at)
    words = _unescape(body[1]).strip()
    clause = Clause(occur, ClauseKind.PHRASE, words, boost=boost, slop=slop) if words else None
    return clause, tail.end() if tail else body.end()


def _word(text: str, at: int, occur: Occur) -> tuple[Clause | None, int]:
    word = _WORD.match(text, at)
    if word is None:  # a lone backslash at the end
        return None, len(text)
    tail = _TAIL.search(word[0])
    assert tail is not None
    boost = _bounded(float(tail["boost"]) if tail["boost"] else 1.0, BOOST_MAX, "PQ0144", at)
    body = word[0][: tail.start()]
    if not body:  # a lone ~1 is a word like any other
        return Clause(occur, ClauseKind.WORD, _unescape(word[0])), word.end()
    if tail["near"]:
        edits = _bounded(int(tail["near"]), EDIT_DISTANCE_MAX, "PQ0145", at)
        return Clause(occur, ClauseKind.FUZZY, _unescape(body), boost=boost, edit_distance=edits), word.end()
    if body.endswith("*") and not body.endswith(r"\*") and len(body) > 1:
        return Clause(occur, ClauseKind.PREFIX, _unescape(body[:-1]), boost=boost), word.end()
    return Clause(occur, ClauseKind.WORD, _unescape(body), boost=boost), word.end()


def _unescape(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)


def _bounded(value: Number, most: Number, code: str, at: int) -> Number:
    if value > most:
        raise MatchQueryError(code, at, found=f"{value:g}", most=f"{most:g}")
    return value
