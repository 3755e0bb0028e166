"""Law 8: the formatter is idempotent, keeps every comment, and never changes the tree."""

from __future__ import annotations

import random
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasq_dsl.syntax.format.formatter import NARROW, WIDE, format_text
from paasq_dsl.syntax.lexer import TRIVIA, tokenize
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.syntax.statement_splitter import split_statements
from properties.texts import LANGUAGE, SAMPLES, TRIVIA_TO_TRY, broken, comments, every_text, respaced

TEXTS = every_text()
SOUP = (
    *"()[]{}|;,=:-\n", *("from", "where", "take", "put", "tx", "collection", "key", "int", "a", "5", '"s"'),
    *('"', '"""', "/*", "// c\n", "/* c */", "/// d\n"),
)  # fmt: skip
COMMENTS = (" // c\n", " /* c */ ", "\n// c\n", "\n\n/* c\n */")
STATEMENTS = [LANGUAGE[s.start : s.end].strip() for s in split_statements(LANGUAGE)]
SMALL = sorted(t for t in TEXTS.values() if len(t) < 3000)


def without_places(node: Any) -> Any:
    """The tree as plain values, the places of its nodes left out."""
    if is_dataclass(node):
        places = {"span", "offset", "name_span", "field_span", "method_span", "operator_span", "path_span"}
        return type(node).__name__, {
            f.name: without_places(getattr(node, f.name)) for f in fields(node) if f.name not in places
        }
    return [without_places(n) for n in node] if isinstance(node, tuple) else node


def check(text: str, width: int) -> str:
    formatted = format_text(text, width)
    assert format_text(formatted, width) == formatted
    assert comments(formatted) == comments(text)
    assert without_places(parse_script(formatted)[0]) == without_places(parse_script(text)[0])
    return formatted


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", TEXTS)
def test_samples_and_examples(name: str, width: int) -> None:
    assert not parse_script(TEXTS[name])[1]
    formatted = check(TEXTS[name], width)
    assert not parse_script(formatted)[1]
    # a line is longer only where one token and what hangs on it leaves no choice
    assert all(len(line) <= width or '"' in line or "//" in line for line in formatted.splitlines())


@settings(max_examples=150, deadline=None)
@given(st.integers(), st.sampled_from([WIDE, NARROW]), st.sampled_from(SMALL))
def test_any_spacing_and_comments(seed: int, width: int, text: str) -> None:
    spaced = respaced(text, random.Random(seed))
    assert not parse_script(spaced)[1]
    check(spaced, width)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(), st.sampled_from([WIDE, NARROW]), st.sampled_from(SMALL), st.sampled_from(["", "let a = from b;\n"])
)
def test_any_comments_after_a_last_statement_without_semicolon(seed: int, width: int, text: str, before: str) -> None:
    chance = random.Random(seed)
    ends = [t for t in TRIVIA_TO_TRY if "///" not in t]
    check(before + respaced(text.rstrip().removesuffix(";"), chance) + "".join(chance.choices(ends, k=3)), width)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_comment_at_each_gap(statement: str) -> None:
    tokens = [t.text for t in tokenize(statement) if t.kind not in TRIVIA]
    for gap in range(1, len(tokens) + 1):
        comment = COMMENTS[gap % len(COMMENTS)]
        commented = " ".join([*tokens[:gap], comment, *tokens[gap:]])
        for text in (commented, f"{commented};", f"let a = from b;\n{commented}"):
            formatted = format_text(text)
            assert comments(formatted) == comments(text), text
            assert format_text(formatted) == formatted, text


@settings(max_examples=150, deadline=None)
@given(st.integers(), st.sampled_from([WIDE, NARROW]), st.sampled_from([LANGUAGE, SAMPLES["peps/schema.paasq"]]))
def test_broken_texts(seed: int, width: int, text: str) -> None:
    check(broken(text, random.Random(seed)), width)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(SOUP)))
def test_token_soup(words: list[str]) -> None:
    check(" ".join(words), WIDE)


def test_broken_statement_stays() -> None:
    text = "from   a;\n  fro   b |\n\n  where  ( x ;\nfrom   c;\n"
    assert format_text(text) == "from a;\n  fro   b |\n\n  where  ( x ;\nfrom c;\n"


def test_other_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="100 or 60"):
        format_text("from a", 80)
