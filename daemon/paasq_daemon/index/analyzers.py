"""From the tokens of a text to the terms of an index, and which languages have rules of their own.

Documents, queries, highlights and passages all go through `tokens_in_language` and `term_of_token`, or through what Tantivy
makes of `text_for_index` with the same filters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from types import MappingProxyType
from typing import NamedTuple

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from paasq_daemon.index.tokenizer import TOKENIZER_VERSION, Token, tokens_for_index, tokens_of_word

ANALYZERS_VERSION = f"3, tokenizer {TOKENIZER_VERSION}"  # of all languages: an index made by another is built anew
TERM_BYTES_MAX = 255  # a longer run of letters is no word; a checksum in hexadecimal still is one

_STEMMERS = MappingProxyType(
    {
        "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
        "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
        "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    }
)  # fmt: skip
_WITHOUT_STOP_WORDS = frozenset({"ar", "el", "ro", "ta", "tr"})  # Tantivy has no list for these

# Of Turkish, where I is the capital of a letter without a dot. With another mark it is that of i, as Í is.
_DOTLESS = frozenset({"tr"})
_DOTLESS_I = "\N{LATIN SMALL LETTER DOTLESS I}"
_TURKISH_CAPITALS = re.compile("I(?![\u0300-\u036f])|İ")

_FOLDED_STOP_WORDS = ["dass"]  # Tantivy's German list has daß
_WORD = re.compile(r"\S+")
_BETWEEN = "\1"  # stands between tokens that are analyzed as one text: no analyzer takes it away

# Words of grammar. Of other languages Tantivy leaves such words out as stop words; of English it leaves out 33 alone, and these
# are indexed, so that a band named The Who can be found.
_GRAMMAR = MappingProxyType(
    {
        "en": """
            i me my myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
            its itself them theirs themselves what which who whom whose when where why how those am were been being have has
            had having do does did doing done would should could can cannot may might must shall ought because until while
            about against between through during before after above below from up down out off over under again further
            once here all any both each few more most other some nor only own same so than too very just
            s t d m ll re ve don didn doesn isn wasn aren weren couldn wouldn shouldn hasn haven hadn
        """,
    }
)
_GRAMMAR_WEIGHT = 0.2  # chosen on judged questions: docs/retrieval.md

LANGUAGES = frozenset(_STEMMERS)  # ISO 639-1, as in text(en)


class Term(NamedTuple):
    """A term with its place: `position` counts words, stop words too; `start` and `end` are characters of the text."""

    text: str
    position: int
    start: int
    end: int


@cache
def analyzer(language: str | None) -> TextAnalyzer:
    """Of texts as `text_for_index` gives them. Lower case and no accents; for a language also without its stop words, and
    stemmed.

    Stop words go before accents do, because the lists have accents; stems come last, so that a word typed without its
    accents meets the same stem.
    """
    builder = TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.remove_long(TERM_BYTES_MAX + 1))
    builder = builder.filter(Filter.lowercase())
    if language is None:
        return builder.filter(Filter.ascii_fold()).build()
    name = _STEMMERS[language]
    if language not in _WITHOUT_STOP_WORDS:
        builder = builder.filter(Filter.stopword(name))
        if language == "de":
            builder = builder.filter(Filter.custom_stopword(_FOLDED_STOP_WORDS))
    if language not in _DOTLESS:  # which have their accents removed before
        builder = builder.filter(Filter.ascii_fold())
    return builder.filter(Filter.stemmer(name)).build()


def analyzer_name(language: str | None) -> str:
    """Under which an index knows the analyzer."""
    return f"paasq_{language or 'plain'}"


def text_for_index(text: str, language: str | None) -> str:
    """What `analyzer` makes the terms of a text of."""
    if language not in _DOTLESS:
        return tokens_for_index(text)
    return " ".join([_without_accents(token) for token in tokens_for_index(_dotless(text)).split()])


def tokens_in_language(word: str, language: str | None) -> Iterable[Token]:
    """The tokens of a text without spaces, in order."""
    return tokens_of_word(_dotless(word) if language in _DOTLESS else word)


def analyze(text: str, language: str | None) -> list[Term]:
    """The terms of a text, in order."""
    tokens = ((word.start(), token) for word in _WORD.finditer(text) for token in tokens_in_language(word[0], language))
    return [
        Term(term, position, start + token.start, start + token.end)
        for position, (start, token) in enumerate(tokens)
        if (term := term_of_token(token.text, language)) is not None
    ]


@lru_cache(1 << 15)
def term_of_token(token: str, language: str | None) -> str | None:
    """What an index holds of a token; None where that is nothing: a stop word, or too long."""
    known = _without_accents(token) if language in _DOTLESS else token
    return next(iter(analyzer(language).analyze(known)), None)


def terms_of_tokens(tokens: list[str], language: str | None) -> list[str | None]:
    """`term_of_token` of each, at a tenth of the cost of as many calls."""
    if language is None:
        others = [token for token in tokens if not token.isascii()]
        found_of = dict(zip(others, _analyzed(others, None), strict=True))
        return [found_of.get(token, token if len(token) <= TERM_BYTES_MAX else None) for token in tokens]
    return _analyzed(tokens, language)


def _analyzed(tokens: list[str], language: str | None) -> list[str | None]:
    known = [_without_accents(token) for token in tokens] if language in _DOTLESS else tokens
    terms: list[str | None] = []
    found: str | None = None
    for term in analyzer(language).analyze("".join([f"{token} {_BETWEEN} " for token in known])):
        if term == _BETWEEN:
            terms.append(found)
            found = None
        elif found is None:
            found = term
    return terms


def distinct_tokens(words: Iterable[str], language: str | None) -> set[str]:
    """The tokens, as `tokens_in_language` gives them, of many texts without spaces."""
    plain: list[str] = []
    tokens: set[str] = set()
    for word in map(_dotless, words) if language in _DOTLESS else words:
        if word.isascii():
            plain.append(word)
        else:
            tokens.update([token.text for token in tokens_of_word(word)])
    return tokens.union(tokens_for_index(" ".join(plain)).lower().split())


def _dotless(text: str) -> str:
    return _TURKISH_CAPITALS.sub(lambda found: _DOTLESS_I if found[0] == "I" else "i", text)


@lru_cache(1 << 15)
def _without_accents(token: str) -> str:
    """But with each i without its dot."""
    if token.isascii():
        return token
    return _DOTLESS_I.join(term_of_token(part, None) or part for part in token.split(_DOTLESS_I))


def normalize_word(word: str) -> str:
    """The word in the form in which an index holds whole words. What is more than one word is no beginning of any."""
    return " ".join(term.text for term in analyze(word, None))


def term_weight(term: str, language: str | None) -> float:
    """What a term counts among other words: words of grammar a fifth, so that `how do I bake bread` is about bread."""
    return _GRAMMAR_WEIGHT if language in _GRAMMAR and term in _grammar(language) else 1.0


@cache
def _grammar(language: str) -> frozenset[str]:
    return frozenset(term.text for term in analyze(_GRAMMAR[language], language))
