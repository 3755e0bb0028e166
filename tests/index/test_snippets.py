"""Snippets: the right passage, and highlights that are right in characters."""

from __future__ import annotations

import random

import pytest

from paasq_daemon.index.analyzers import analyze
from paasq_daemon.index.edit_distance import within_edit_distance
from paasq_daemon.index.snippet_selection import select_snippet, select_window
from paasq_daemon.index.word_matcher import WordMatcher
from paasq_dsl.syntax.match_query import Clause, ClauseKind, MatchQuery, Occur, parse_match_query

FILLER = "Nothing of note was said about it that day. " * 10


def shown(match: str, text: str, chars: int, language: str | None = "en") -> tuple[str, list[str]]:
    found = select_snippet(parse_match_query(match), language, text, chars)
    assert text[found.start :].startswith(found.text)
    assert len(found.text) <= chars
    return found.text, [found.text[a:b] for a, b in found.highlights]


def test_highlights_are_characters_of_any_script() -> None:
    text = "\U0001f600 Ünïcode: naïve Bücher, 東京 and RUNNING café"
    assert shown("naive running", text, 100)[1] == ["naïve", "RUNNING"]
    assert shown("東京", text, 100)[1] == ["東京"]
    assert shown("caf*", text, 100)[1] == ["café"]
    assert shown("buchr~2", text, 100)[1] == ["Bücher"]


def test_turkish_capitals_are_marked() -> None:
    text = "ISPARTA, Isparta, \u0131sparta, \u0130SPARTA, isparta"
    assert shown("\u0131sparta", text, 100, "tr")[1] == ["ISPARTA", "Isparta", "\u0131sparta"]
    assert shown("isparta", text, 100, "tr")[1] == ["\u0130SPARTA", "isparta"]
    assert len(shown("isparta", text, 100, "en")[1]) == 5


def test_the_passage_with_the_most_different_words_wins() -> None:
    text = f"budget budget {FILLER}The quarterly budget of the falcon project. {FILLER}falcon"
    part, highlights = shown("quarterly budget falcon", text, 80)
    assert highlights == ["quarterly", "budget", "falcon"]
    assert not part.startswith(" ")


def test_words_that_must_not_be_there_are_not_marked() -> None:
    assert shown("falcon -budget", "budget falcon", 50)[1] == ["falcon"]


def test_without_a_hit_the_beginning_is_shown() -> None:
    assert shown("zebra", "One two three four", 10) == ("One two", [])
    assert shown("zebra", "", 10) == ("", [])
    assert shown("zebra", "One", 0) == ("", [])


@pytest.mark.parametrize("seed", range(20))
def test_any_text_and_any_length(seed: int) -> None:
    rng = random.Random(seed)
    words = ["falcon", "budgets", "x" * 60, "é", "\U0001f600", "the", "wi-fi", "\n"]
    text = " ".join(rng.choices(words, k=rng.randint(0, 60)))
    for chars in range(1, 120, 7):
        part, highlights = shown("budget falcon wi-fi", text, chars)
        assert {t.text for h in highlights for t in analyze(h, "en")} <= {"budget", "falcon", "wi", "fi"}
        if "falcon" in text and chars >= 60:
            assert highlights, (part, text)


@pytest.mark.parametrize(
    ("word", "other", "edits", "within"),
    [
        ("launch", "lanuch", 1, True),
        ("launch", "lunch", 1, True),
        ("launch", "lunches", 2, False),
        ("launch", "launch", 0, True),
        ("a", "", 1, True),
        ("abc", "cba", 1, False),
    ],
)
def test_edits(word: str, other: str, edits: int, within: bool) -> None:
    assert within_edit_distance([word, "", other], other, edits).tolist() == [within, len(other) <= edits, True]


def test_a_window_of_a_long_text_has_the_best_passage() -> None:
    text = f"budget {FILLER * 100}The quarterly budget of the falcon project. {FILLER * 200}falcon"
    window = select_window(parse_match_query("quarterly budget falcon"), "en", text, 80)
    assert window in text
    assert len(window) < 10_000
    assert shown("quarterly budget falcon", window, 80) == shown("quarterly budget falcon", text, 80)
    assert select_window(parse_match_query("zebra"), "en", text, 80) in text[:10_000]
    assert select_window(parse_match_query("zebra"), "en", "short", 80) == "short"


def test_a_long_text_is_checked_often() -> None:
    checks: list[None] = []
    text = FILLER * 300
    select_window(parse_match_query("zebra"), "en", text, 80, lambda: checks.append(None))
    assert len(checks) >= len(text) // 20_000


WORDS = """dying die lied lying skis sky happy happily Häuser haus café CAFÉ İzmir izmir C++ c wi-fi 東京 run-time runs .NET net
    Straße STRASSE ﬁnal final κόσμος ΚΟΣΜΟΣ собака Собаками мой мои мои\u0306 مـرحبا مرحبا المدرسة مدرسة שָׁלוֹם שלום हिन्दी
    ｶﾞｿﾘﾝ ガソリン か\u3099 が สวัสดี ำ ဦ 안녕
    \u1112\u1161\u11ab 👍🏽 👍 🇩🇪 do\u00adna\u00adu donau cafe\u0301 ½ ² 2 \u037aa ŉ""".split()


@pytest.mark.parametrize("seed", range(8))
def test_words_with_mistakes_are_found_as_the_analyzer_finds_them(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        words = [*rng.sample(WORDS, 12), "the", "x" * 50, ".", "\n", "#"]
        text = rng.choice([" ", " ", ""]).join(rng.choices(words, k=rng.randint(0, 30)))
        asked, language = rng.choice(words), rng.choice(["en", "de", "tr", "ru", "ar", None])
        match = MatchQuery((Clause(Occur.SHOULD, ClauseKind.FUZZY, asked, edit_distance=rng.choice([1, 2])),))
        matcher = WordMatcher(match, language)
        found = {(hit.start, hit.end) for chunk in matcher.chunks(text) for hit in matcher.hits(chunk)}
        expected = {
            (t.start, t.end)
            for by in (language, None)
            for t in analyze(text, by)
            for wanted in (analyze(asked, by) if analyze(asked, language) else ())  # of a stop word nothing is marked
            if within_edit_distance([t.text], wanted.text, match.clauses[0].edit_distance)[0]
        }
        assert found == expected, (asked, text, language)


@pytest.mark.parametrize("seed", range(8))
def test_words_are_found_as_the_analyzer_finds_them(seed: int) -> None:
    """Whatever is left out early because it cannot be an answer."""
    rng = random.Random(seed)
    for _ in range(300):
        words = [*rng.sample(WORDS, 12), "the", "x" * 50, ".", "\n", "#"]
        text = rng.choice([" ", " ", ""]).join(rng.choices(words, k=rng.randint(0, 30)))
        asked, language = rng.choice(words), rng.choice(["en", "de", "tr", "ru", "ar", None])
        terms = {term.text for term in analyze(asked, language)}
        match = MatchQuery((Clause(Occur.SHOULD, ClauseKind.WORD, asked),))
        matcher = WordMatcher(match, language)
        found = [hit for chunk in matcher.chunks(text) for hit in matcher.hits(chunk)]
        assert [hit.start for hit in found] == sorted(hit.start for hit in found)
        expected = {(t.text, t.start, t.end) for t in analyze(text, language) if t.text in terms}
        assert set(found) == expected, (asked, text)
