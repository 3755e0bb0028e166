"""Laws of the language over samples, examples and what chance makes of them."""

from __future__ import annotations

import random
import time

import pytest
from lark import Token as LarkToken
from lark.lexer import PatternStr

from paasq_dsl.binder.script import bind_script
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.stages import STAGES
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax.keywords import OPTION_STAGES, PIPELINE_STAGES, STAGE_KEYWORDS, STATEMENT_KEYWORDS
from paasq_dsl.syntax.lexer import tokenize
from paasq_dsl.syntax.parser import _parser, expected_terminals, parse_script
from paasq_dsl.syntax.stage_splitter import split_script, without_trivia
from properties.texts import LANGUAGE, SAMPLES, broken, every_text, function_text
from schemas import catalog

TEXTS = every_text()
DEEP = (
    "(" * 100_000, "[" * 3_000 + "]" * 3_000, "{a:" * 50_000, "tx {" * 3_000, "put a " + "{b: " * 3_000,
    '"' * 200_000, "`" * 200_000, "/*" * 100_000, "\x00" * 200_000, "\ud800" * 200_000, "é" * 250_001,
    "|" * 200_000, ";" * 200_000, "@" * 200_000, "$" * 200_000, "a:" * 100_000, "1d" * 100_000,
    "not " * 60_000, "from a->" * 20_000, "from a " + "| take 1 " * 25_000,
    "from a | where " + "(" * 60 + "1" + ")" * 60,
    "from a | where " + "not " * 5_000 + "b",
    "from a | where " + " and ".join(["b == 1"] * 20_000),
    "from a | select " + "-" * 50_000 + "1",
    "from a | select " + "f(" * 3_000,
    "from a | select " + "a." * 50_000 + "b",
    "from a | select " + "9" * 200_000,
    "from a | select x = " + "1 + " * 50_000 + "1",
    "collection a {" + " b: [int]" * 20_000 + "}",
)  # fmt: skip
DEEP_CHARACTERS = 20_000  # a large script; the longest text that is allowed takes a few seconds


def diagnostics_of(text: str) -> list[Diagnostic]:
    script, found = parse_script(text)
    return [*found, *bind_script(script, catalog()).diagnostics]


CPU_SECONDS_MAX = 5  # a hundred times what is usual: this catches what grows with the square, on the slowest machine


def timed(text: str) -> None:
    begun = time.process_time()
    for found in diagnostics_of(text):
        assert 0 <= found.span.start <= found.span.end <= len(text) + 1
    assert time.process_time() - begun < CPU_SECONDS_MAX, text[:80]


@pytest.mark.parametrize("part", range(10))
def test_broken_texts_never_raise(part: int) -> None:
    chance = random.Random(part)
    texts = [t for t in TEXTS.values() if len(t) < 4000]
    for _ in range(100):
        timed(broken(chance.choice(texts), chance))


@pytest.mark.parametrize("text", DEEP, ids=lambda text: f"{text[:12]!r}")
def test_deep_and_long_texts_never_raise(text: str) -> None:
    timed(text[:DEEP_CHARACTERS])


BREAKING = (
    "where ==",
    "sort",
    "take take",
    "where (a",
    'find "a\n',
    "where a]",
    "where 'x\n",
    "where a = b",
    "facet [",
)
BREAKING_COLUMNS = ("xyzzy", "select a b", "summarize (")  # what columns are there behind these, nobody can say


@pytest.mark.parametrize("breaking", BREAKING + BREAKING_COLUMNS)
def test_one_broken_stage_breaks_one_stage(breaking: str) -> None:
    """Law 7. Each stage that makes no columns is broken in turn; whatever else was said of the text is said still."""
    text = (
        LANGUAGE
        + 'from pep | where titel == 1 | take 5 | sort nuber;\nfrom pepp | take "x";\n'
        + SAMPLES["peps/tour.paasq"]
    )
    before = diagnostics_of(text)
    assert len(before) > 5
    for statement in split_script(text)[0]:
        for piece in statement.fragments[1:]:
            if piece.text.split()[0] not in {"where", "take", "sort", "page", "facet"}:
                continue
            after = diagnostics_of(text[: piece.start] + breaking + text[piece.span.end :])
            grown = len(breaking) - len(piece.text)
            said_end = statement.span.end if breaking in BREAKING_COLUMNS else piece.span.end
            elsewhere = [d for d in after if not piece.start <= d.span.start <= said_end + grown]
            kept = [d for d in before if not piece.start <= d.span.start <= said_end]
            expected = [d.shift(grown) if d.span.start > said_end else d for d in kept]
            assert elsewhere == expected
            assert len(after) > len(elsewhere)


@pytest.mark.parametrize("name", TEXTS)
def test_scanner_and_parser_see_the_same_tokens(name: str) -> None:
    for statement in split_script(TEXTS[name])[0]:
        for piece in statement.fragments:
            interactive = _parser().parse_interactive(piece.text, start=piece.start_rule)
            lexed = [t for t in interactive.iter_parse() if isinstance(t, LarkToken)]
            scanned = without_trivia(tokenize(piece.text))
            assert [str(t) for t in lexed] == [t.text for t in scanned]
            assert [t.start_pos for t in lexed] == [t.start for t in scanned]


def test_keywords_are_those_of_the_grammar() -> None:
    """Those that a statement or a stage may begin with, as Lark reads it."""
    assert expected_terminals("", "stage") == {word.upper() for word in STAGE_KEYWORDS}
    assert expected_terminals("", "head") == {word.upper() for word in STATEMENT_KEYWORDS - {"param"}} | {"__ANON_0"}
    assert {spec.keyword for spec in STAGES} == STAGE_KEYWORDS
    strings = {t.pattern.value for t in _parser().terminals if isinstance(t.pattern, PatternStr)}
    assert not {s for s in strings if s.isalpha()}, "a keyword must end where the word ends"
    assert {"fuse", "union"} == PIPELINE_STAGES
    assert {spec.keyword for spec in STAGES if spec.options} - {"budget"} == OPTION_STAGES


@pytest.mark.parametrize("word", sorted(STAGE_KEYWORDS))
def test_every_stage_word_is_parsed_as_its_verb(word: str) -> None:
    verb = next(v for v in STAGES if v.keyword == word)
    script, found = parse_script(verb.example)
    assert not found
    assert any(type(stage.node) is verb.node for stage in script.statements[0].stages)


@pytest.mark.parametrize("verb", STAGES, ids=lambda stage: stage.keyword)
def test_example_of_verb_binds(verb: StageSpec) -> None:
    assert not diagnostics_of(verb.example)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_example_of_function_binds(name: str) -> None:
    assert name in function_text(name)
    assert not diagnostics_of(function_text(name))
