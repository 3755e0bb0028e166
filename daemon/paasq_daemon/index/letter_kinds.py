"""What each character of a text can be in a token, for many at once: so that words are looked for without taking all apart."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.analyzers import term_of_token
from paasq_daemon.index.tokenizer import fold, is_unspaced, tokens_of_word

Kinds: TypeAlias = NDArray[np.int32]

# A kind is a code above, or the code point of a base letter: what the letter is in a term, without its marks.
_UNKNOWN, SPACE, SEPARATOR, WITHIN = 0, 1, 2, 3
MIXED = 4  # may stand for several letters or tokens: a word with one has to be looked at
_KINDS_MAX = 4
UNSPACED = 1 << 24  # added to a letter that is a token by itself

_CONJOINING = re.compile(
    "[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]"
)  # letters that are composed with those before them
_FLAGS = range(0x1F1E6, 0x1F200)  # a token in pairs
_SIGNS = "+#."  # part of a token where it is C++, C# or .NET


def is_letter(kinds: Kinds) -> NDArray[np.bool_]:
    """Whether each is a letter of a token that others may belong to."""
    return (kinds > _KINDS_MAX) & (kinds < UNSPACED)


def codes_of(text: str) -> NDArray[np.uint8] | NDArray[np.uint32]:
    """The code point of each character."""
    if text.isascii():
        return np.frombuffer(text.encode(), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def kinds_of(text: str) -> Kinds:
    """One for each character: a base letter (of one that is a token by itself with UNSPACED added), or SPACE, SEPARATOR,
    WITHIN (a mark, or what is ignored in words), MIXED."""
    table, codes = _table(), codes_of(text)
    kinds = table.take(codes)
    unknown = kinds == _UNKNOWN
    if unknown.any():
        for code in np.unique(codes[unknown]).tolist():
            table[code] = _kind(chr(code))
        kinds = table.take(codes)
    return kinds


@cache
def _table() -> Kinds:
    """By code point, filled where a text has the character."""
    return np.zeros(0x110000, np.int32)


def _kind(character: str) -> int:
    if character.isspace():
        return SPACE
    if character in _SIGNS:
        return WITHIN
    if ord(character) in _FLAGS or _CONJOINING.match(character):
        return MIXED
    tokens = list(tokens_of_word(character))
    if not tokens:
        return SEPARATOR if character.isascii() else WITHIN
    folded = character.lower() if character.isascii() else fold(character)
    term = term_of_token(folded, None)
    if len(tokens) > 1 or tokens[0].text != folded or term is None:
        return MIXED
    base = unicodedata.normalize("NFD", term)
    by_itself = is_unspaced(folded)
    if by_itself != is_unspaced(character) or len(unicodedata.normalize("NFC", term)) > 1:
        return MIXED
    return ord(base[0]) + (0 if character.isalnum() and not by_itself else UNSPACED)
