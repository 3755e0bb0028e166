"""Tokens: what the index makes of a text is what `analyze` makes of it, whatever the script."""

from __future__ import annotations

import random
import unicodedata

import pytest

from paasq_daemon.index.analyzers import LANGUAGES, analyze, analyzer, text_for_index

PIECES = [
    *"aC.N#+eT1_\\-\x01\x02\x03\ud800\u00ad\u200d\u200b\u2019\u0301\u0640\u064e\u0e35\u17b4\u3099\u1100\u1161\u11a8",
    *"net .NET C++ e\u0301 é สวัสดี ກ ក្ម မြန် 🎉 🇩🇪 👍🏽 ﷺ ½ Ⓐ x² 가 ㅋ ｶ ﾞ が カー 东京 ß daß İ \u0131 I ς Σ ά".split(),
    *"й ё и\u0306 \u0435\u0301 أ م שׁ הָ हि न्दी தமிழ் — ﬁ Ǆ".split(),
]

IOTA_BELOW = "\u0345"  # a mark here, a letter to case folding


@pytest.mark.parametrize("seed", range(4))
def test_the_index_and_a_query_see_the_same_terms(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(1_500):
        text = "".join(rng.choices([*PIECES, " ", " ", "\n"], k=rng.randint(0, 12)))
        language = rng.choice([None, "tr", *LANGUAGES])
        indexed = analyzer(language).pre_tokenize(text_for_index(text, language)).tokens
        terms = analyze(text, language)
        assert [(t.text, t.position) for t in terms] == [(t.text, t.position) for t in indexed], ascii(text)
        assert all(0 <= t.start < t.end <= len(text) for t in terms)
        assert [t.start for t in terms] == sorted(t.start for t in terms)


@pytest.mark.parametrize("seed", range(4))
def test_composed_and_decomposed_are_one(seed: int) -> None:
    rng = random.Random(seed)
    letters = [*"Ii"] * 20 + [chr(code) for code in range(0xA0, 0x2000) if chr(code).isalpha()]
    letters += [chr(rng.randrange(0xAC00, 0xD7A4)) for _ in range(200)] + list("がぎパピヴ")
    for _ in range(1_500):
        word = "".join(rng.choices(letters, k=rng.randint(1, 6)))
        language = rng.choice([None, "tr"])
        forms = {
            form: [t.text for t in analyze(unicodedata.normalize(form, word), language)] for form in ("NFC", "NFD")
        }
        assert forms["NFC"] == forms["NFD"], ascii(word)


def test_case_as_unicode_folds_it() -> None:
    for code in range(0x80, 0x1E944):
        letter = chr(code)
        if letter.isalpha() and IOTA_BELOW not in unicodedata.normalize("NFD", letter):
            assert [t.text for t in analyze(letter, None)] == [t.text for t in analyze(letter.casefold(), None)], hex(
                code
            )


def test_turkish_has_two_letters_i() -> None:
    def terms(text: str, language: str) -> list[str]:
        return [t.text for t in analyze(text, language)]

    assert terms("DI\u015eI d\u0131\u015f\u0131", "tr") == terms("d\u0131\u015f\u0131 DI\u015eI", "tr")
    assert terms("D\u0130\u015e\u0130 DI\u0307\u015eI\u0307", "tr") == terms("di\u015fi di\u015fi", "tr")
    assert terms("DI\u015eI", "tr") != terms("D\u0130\u015e\u0130", "tr")
    assert terms("DI\u015eI", "de") == terms("D\u0130\u015e\u0130", "de")


def test_a_term_has_its_place_in_the_text() -> None:
    text = "\ufeffDonau\u00addampf, ｶﾞス e\u0301le\u0300ve; C++11 🇩🇪สวัส"
    assert [text[t.start : t.end] for t in analyze(text, None)] == [
        "Donau\u00addampf", "ｶﾞ", "ス", "e\u0301le\u0300ve", "C++", "11", "🇩🇪", "ส", "ว", "ั", "ส",
    ]  # fmt: skip
