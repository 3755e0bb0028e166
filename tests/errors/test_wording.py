"""Whatever is cut off or broken, the sentence is one for people: short, in words, with a place inside the text."""

from __future__ import annotations

import random
import re

import pytest

from errors.test_errors import diagnostics_of
from paasq_dsl.diagnostics import Diagnostic
from properties.texts import LANGUAGE, broken, every_text

TEXTS = [text for text in every_text().values() if len(text) < 6_000]
SENTENCE_CHARACTERS_MAX = 200
TERMINAL = re.compile(r"\b[A-Z]{3,}\b|__|\$END")
NAMES_OF_OTHERS = ("JSON",)


def in_words(text: str, found: Diagnostic) -> None:
    assert 0 <= found.span.start <= found.span.end <= len(text), found
    expected = found.message.partition(", found ")[0] if found.code == "PQ0101" else ""
    own = re.sub("|".join(NAMES_OF_OTHERS), "", expected)
    assert not TERMINAL.search(own), found
    if found.code.startswith("PQ01"):
        assert len(found.message) < SENTENCE_CHARACTERS_MAX, found
    assert len(found.candidates) <= 3
    if found.fix is not None:
        assert 0 <= found.fix.span.start <= found.fix.span.end <= len(text), found


@pytest.mark.parametrize("part", range(8))
def test_cut_off_anywhere(part: int) -> None:
    chance = random.Random(part)
    for _ in range(150):
        text = chance.choice(TEXTS)
        cut = text[: chance.randrange(len(text))]
        for found in diagnostics_of(cut):
            in_words(cut, found)


@pytest.mark.parametrize("part", range(8))
def test_broken_anywhere(part: int) -> None:
    chance = random.Random(part)
    for _ in range(60):
        text = broken(chance.choice(TEXTS), chance)
        for found in diagnostics_of(text):
            in_words(text, found)


def test_every_place_of_a_statement() -> None:
    """Each statement cut after each of its characters."""
    for statement in LANGUAGE.split(";"):
        text = statement.strip()
        for end in range(len(text)):
            for found in diagnostics_of(text[:end]):
                in_words(text[:end], found)
