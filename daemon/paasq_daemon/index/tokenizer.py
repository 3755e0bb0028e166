"""How a text of any script is cut into tokens, and how a token is folded, so that all its spellings are one.

A token is a run of letters, digits and their marks (Unicode's categories L, N, M). Where a script writes no spaces between
words, and in Korean, which joins particles to words, each letter is a token by itself, and a word the phrase of its letters.
An emoji is a token, and so are `C++`, `C#`, `.NET`. Folding is compatibility composition (NFKC) and full case folding; then
accents and vowel points of alphabets go that do not need them. Latin letters keep theirs here, because the lists of stop
words have them: `analyzers` folds these.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

TOKENIZER_VERSION = f"1, Unicode {unicodedata.unidata_version}"  # an index of another one is built anew

_CACHED_WORDS, _CACHED_CHARACTERS_MAX = 1 << 15, 64

# Tokens of letter and sign: a general rule would make tokens of `word++` and of `page#part`.
_SIGNED = r"(?<![^\W_])(?:[A-Za-z](?:\+\+|\#(?![^\W_]))|(?<!\.)\.[Nn][Ee][Tt](?![^\W_]))"
_IN_SIGNED = ("++", "#", ".n", ".N")
# The same, found from the signs, which a search comes to faster; in a text of which only these are to stay, they are other
# characters until the rest is gone.
_SIGNS = re.compile(
    r"\+\+(?<=(?<![A-Za-z0-9])[A-Za-z]\+\+)|\#(?<=(?<![A-Za-z0-9])[A-Za-z]\#)(?![A-Za-z0-9])"
    r"|\.[Nn][Ee][Tt](?<![A-Za-z0-9.]\.[Nn][Ee][Tt])(?![A-Za-z0-9])"
)
_SEPARATORS = "".join(chr(i) if chr(i).isalnum() else " " for i in range(128))
_SEPARATORS_WITH_SIGNS = "".join({1: "+", 2: "#", 3: "."}.get(i, c) for i, c in enumerate(_SEPARATORS))
_NO_STAND_INS = "".join(chr(i) if i > 3 else " " for i in range(128))

_HAN_AND_KANA = "\u3005\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
_HAN_AND_KANA += "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_THAI_AND_LAO = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf"
_MYANMAR_AND_KHMER = (
    "\u1000-\u103f\u1050-\u108f\u109a-\u109d\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f\u1780-\u17d3\u17d7\u17dc\u17dd"
)
_HANGUL = "\uac00-\ud7a3"
_UNSPACED = _HAN_AND_KANA + _THAI_AND_LAO + _MYANMAR_AND_KHMER + _HANGUL
_JAMO = "[\u1100-\u115f\ua960-\ua97c]+[\u1160-\u11a7\ud7b0-\ud7c6]+[\u11a8-\u11ff\ud7cb-\ud7fb]*"  # a syllable in NFD
_JAMO_LETTERS = "\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb"
_VOICED = "\u3099\u309a\uff9e\uff9f"  # marks of kana, the letter's own

_EMOJI = "[\U0001f1e6-\U0001f1ff]{2}|[\u231a\u231b\u23e9-\u23f3\u23f8-\u23fa\u2600-\u2767\u2794-\u27bf\u2b05-\u2b07\u2b1b\u2b1c"
_EMOJI += "\u2b50\u2b55\U0001f000-\U0001f0ff\U0001f180-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"

# Soft hyphen, joiners, zero-width spaces, directions and variation selectors: written in a word, and no part of it.
_IGNORED = "\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
_IGNORED += "\U000e0100-\U000e01ef"

# Accents, stress, breathings; vowel points of Hebrew, Arabic and Syriac, and the stroke that lengthens an Arabic word. Signs
# of vowels in the scripts of India are letters.
_FOLDED_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
)
_FOLDED_MARKS += "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u08ca-\u08e1\u08e3-\u08ff"
_FOLDED_MARKS += "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
_LETTERS_WITH_MARKS = "\u0370-\u1dff\u1f00-\u1fff"  # all but the Latin ones
_DECOMPOSED = (
    "\u1026",
    "\u1025\u102e",
)  # the one letter of an unspaced script that is two, a mark being a letter there
_KEPT = "\u0419\u0439"  # a letter of its own to every language that has it, as in Unicode's collation


def _stand_in(signs: re.Match[str]) -> str:
    return {"+": "\1\1 ", "#": "\2", ".": "\3" + signs[0][1:]}[signs[0][0]]


class Token(NamedTuple):
    """A folded token, and the characters of the text that it stands for: `start` to before `end`."""

    text: str
    start: int
    end: int


def tokens_for_index(text: str) -> str:
    """The folded tokens, with spaces between them; those in ASCII may be in their own case. Half surrogate pairs, which
    UTF-8 cannot hold, are no part of a token."""
    if text.isascii():
        return _separated(text)
    return " ".join([_separated(line) if line.isascii() else _folded(line) for line in text.split("\n")])


def tokens_of_word(word: str) -> Iterable[Token]:
    """The tokens of a text without spaces, in order."""
    return _cached_tokens(word) if len(word) <= _CACHED_CHARACTERS_MAX else _tokens(word)


def is_unspaced(letter: str) -> bool:
    """Whether a letter (of a token) belongs to a script of which each letter is a token."""
    return not letter.isascii() and _unspaced().match(letter) is not None


def fold(token: str) -> str:
    """A token as all its spellings are. Composed before marks go, so that the two spellings of a letter that keeps its mark are
    one. Marks go before case, which makes a letter of the iota below another, and after it, because it gives İ a dot above.
    """
    ignored, marks = _tables()
    bare = unicodedata.normalize("NFKC", token.translate(ignored)).translate(marks)
    return unicodedata.normalize("NFKC", bare.casefold()).translate(marks)


@lru_cache(_CACHED_WORDS)
def _cached_tokens(word: str) -> tuple[Token, ...]:
    return _tokens(word)


def _separated(text: str) -> str:
    """A text in ASCII with what is no part of a token as spaces. A thousand times faster than taking token after token."""
    if any(signs in text for signs in _IN_SIGNED):
        return _SIGNS.sub(_stand_in, text.translate(_NO_STAND_INS)).translate(_SEPARATORS_WITH_SIGNS)
    return text.translate(_SEPARATORS)


def _folded(line: str) -> str:
    """Of each word on its own, since most words are known already."""
    return " ".join(
        [
            word
            if word.isalnum() and word.isascii()
            else _known(word)
            if len(word) <= _CACHED_CHARACTERS_MAX
            else _joined(word)
            for word in line.split()
        ]
    )


def _joined(word: str) -> str:
    return " ".join([token.text for token in tokens_of_word(word)])


_known = lru_cache(_CACHED_WORDS)(_joined)


def _tokens(word: str) -> tuple[Token, ...]:
    if word.isascii():
        found = _ascii_token().finditer(word)
        return tuple(Token(m[0].lower(), m.start(), m.end()) for m in found)
    return tuple(
        Token(part, m.start(), m.end())
        for m in _token().finditer(word)
        for part in ((m[0].lower(),) if m[0].isascii() else _token().findall(fold(m[0])))
    )


@cache
def _ascii_token() -> re.Pattern[str]:
    return re.compile(rf"{_SIGNED}|[^\W_]+")


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(f"[{_UNSPACED}]")


@cache
def _token() -> re.Pattern[str]:
    """Made when a text first needs it: it takes some milliseconds."""
    apart = re.compile(f"[{_UNSPACED}{_JAMO_LETTERS}{_VOICED}]")
    letters, marks = [], []
    for code in range(0x32400):
        character = chr(code)
        if apart.match(character):
            continue
        if character.isalnum():
            letters.append(code)
        elif unicodedata.category(character)[0] == "M":
            marks.append(code)
    word, inside = _ranges(letters), _ranges(marks) + _IGNORED
    return re.compile(
        rf"{_SIGNED}|[{word}][{word}{inside}]*|[{_UNSPACED}][{_VOICED}{_IGNORED}]*|{_JAMO}|{_EMOJI}|[{_JAMO_LETTERS}]"
    )


def _ranges(codes: list[int]) -> str:
    """For a set of characters in a pattern: the codes, ascending, as ranges."""
    ranges: list[tuple[int, int]] = []
    for code in codes:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1] = ranges[-1][0], code
        else:
            ranges.append((code, code))
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in ranges)


@cache
def _tables() -> tuple[dict[int, None], dict[int, str | None]]:
    """For str.translate: what is ignored; marks that go, and letters that have one."""
    ignored = dict.fromkeys(_codes(_IGNORED))
    marks: dict[int, str | None] = dict.fromkeys(_codes(_FOLDED_MARKS))
    for code in _codes(_LETTERS_WITH_MARKS):
        apart = unicodedata.normalize("NFD", chr(code))
        bare = apart.translate(marks)
        if bare != apart and chr(code) not in _KEPT and bare:
            marks[code] = unicodedata.normalize("NFC", bare)
    marks[ord(_DECOMPOSED[0])] = _DECOMPOSED[1]
    return ignored, marks


def _codes(ranges: str) -> Iterable[int]:
    """The characters of a set as it is written in a pattern."""
    for start, end in re.findall(r"(.)(?:-(.))?", ranges):
        yield from range(ord(start), ord(end or start) + 1)
