"""How text is cut into the terms of an index, and which languages have rules of their own."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

TERM_BYTES_MAX = 255  # a longer run of letters is no word; a checksum in hexadecimal still is one

# Letters of scripts that write no spaces: each is a term, and a word the phrase of its letters. Everywhere else a term is a
# run of letters and digits.
_UNSPACED = "\u3005\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_UNSPACED += "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_LETTER = re.compile(f"[{_UNSPACED}]")
_TERM = rf"[{_UNSPACED}]|[\p{{Alphabetic}}\p{{N}}--[{_UNSPACED}]]+"
_STEMMERS = MappingProxyType(
    {
        "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
        "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
        "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    }
)  # fmt: skip
_WITHOUT_STOP_WORDS = frozenset({"ar", "el", "ro", "ta", "tr"})  # Tantivy has no list for these

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


def analyzer(language: str | None) -> TextAnalyzer:
    """Of texts that `spaced` gives; what it makes of these `terms` makes of any.

    Words in lower case without accents; for a language also without its stop words, and stemmed.

    Stop words go before accents do, because the lists have accents; stems come last, so that a word typed without its
    accents meets the same stem.
    """
    return _analyzer(language, any_text=False)


@cache
def _analyzer(language: str | None, *, any_text: bool) -> TextAnalyzer:
    tokenizer = Tokenizer.regex(_TERM) if any_text else Tokenizer.simple()  # the one is seven times slower
    builder = TextAnalyzerBuilder(tokenizer).filter(Filter.remove_long(TERM_BYTES_MAX + 1))
    builder = builder.filter(Filter.lowercase())
    if language is None:
        return builder.filter(Filter.ascii_fold()).build()
    name = _STEMMERS[language]
    if language not in _WITHOUT_STOP_WORDS:
        builder = builder.filter(Filter.stopword(name))
    return builder.filter(Filter.ascii_fold()).filter(Filter.stemmer(name)).build()


@cache
def _folder() -> TextAnalyzer:
    return TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.lowercase()).filter(Filter.ascii_fold()).build()


def normalize_word(word: str) -> str:
    """The word in lower case without accents, the form in which an index holds whole words."""
    return "".join(_folder().analyze(replace_surrogates(word)))


def analyzer_name(language: str | None) -> str:
    """Under which an index knows the analyzer."""
    return f"paasq_{language or 'plain'}"


def analyze(text: str, language: str | None) -> list[Term]:
    """The terms of a text, in order."""
    clean = replace_surrogates(text)
    tokens = _analyzer(language, any_text=_has_unspaced(clean)).pre_tokenize(clean).tokens
    return [Term(t.text, t.position, t.char_offset_from, t.char_offset_to or t.char_offset_from) for t in tokens]


def term_weight(term: str, language: str | None) -> float:
    """What a term counts among other words: words of grammar a fifth, so that `how do I bake bread` is about bread."""
    return _GRAMMAR_WEIGHT if language in _GRAMMAR and term in _grammar(language) else 1.0


@cache
def _grammar(language: str) -> frozenset[str]:
    return frozenset(term.text for term in analyze(_GRAMMAR[language], language))


def replace_surrogates(text: str) -> str:
    """The text with each half surrogate pair, which UTF-8 cannot hold, replaced by `?`; as long as before."""
    return text.encode("utf-8", "replace").decode()


def space_unsegmented(text: str) -> str:
    """The text as it goes into an index: storable, with spaces round each letter of a script that writes none."""
    clean = replace_surrogates(text)
    return _LETTER.sub(r" \g<0> ", clean) if _has_unspaced(clean) else clean


def _has_unspaced(text: str) -> bool:
    return not text.isascii() and _LETTER.search(text) is not None
