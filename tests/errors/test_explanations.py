"""Every code has an explanation, and the examples in it are what they are called."""

from __future__ import annotations

import re

import pytest

from errors.test_errors import AT_RUN_TIME, INSIDE_ANOTHER, diagnostics_of
from paasq_dsl.diagnostics import MESSAGES
from paasq_dsl.diagnostics.daemon import DAEMON
from paasq_dsl.error_docs import code_list, explanation, sentence

# Found when it runs, of a module, or too large a text to show.
WITHOUT_A_WRONG_TEXT = (
    AT_RUN_TIME | INSIDE_ANOTHER | {"PQ0117", "PQ0118", "PQ0140", "PQ0141", "PQ0233", "PQ0236", "PQ0237"}
)


@pytest.mark.parametrize("code", MESSAGES)
def test_explanation(code: str) -> None:
    text = explanation(code)
    assert text is not None
    examples = re.findall(r"^    (wrong|right): (.*)$", text, re.MULTILINE)
    kinds = [kind for kind, _ in examples]
    assert kinds == ([] if code in DAEMON else ["right"] if code in WITHOUT_A_WRONG_TEXT else ["wrong", "right"])
    for kind, example in examples:
        found = {d.code for d in diagnostics_of(example)}
        assert found == ({code} if kind == "wrong" else set()), example


def test_no_explanation_without_a_code() -> None:
    assert explanation("PQ0000") is None
    assert explanation("pq0105") == explanation("PQ0105")


@pytest.mark.parametrize("code", MESSAGES)
def test_a_sentence_shows_no_braces_of_slots(code: str) -> None:
    assert not re.search(r"\{[a-z_]+\}|\{\{|\}\}", sentence(code))
    assert f"  {code}  {sentence(code)}" in code_list().splitlines()


def test_a_sentence_names_what_a_case_fills_in() -> None:
    assert sentence("PQ0202") == "‹where› has no field ‹name›"
    assert sentence("PQ0769").endswith("{0} is the one after the text")


DIALECT = re.compile(r"\b(stands?|behind|beside|anew|parted|whilst|above nothing)\b")


@pytest.mark.parametrize("code", MESSAGES)
def test_a_message_is_in_plain_words(code: str) -> None:
    assert not DIALECT.search(MESSAGES[code])
