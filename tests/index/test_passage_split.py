"""Where a text is cut into passages, compared with the rule written as one regular expression."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from paasq_daemon.index.passage_split import CHARACTERS_MAX, split_passages

_BREAK = re.compile(r"""[.!?\n](?:(?<!\n)(?P<closing>["')\]]*)\s+|(?<=\n)[^\S\n]*\n\s*)""")
PARTS = [
    " ",
    " ",
    "\n",
    "\n \n",
    "\r\n\r\n",
    "\u3000",
    "\x85",
    ". ",
    '." ',
    "?!)\n\n",
    ")] ",
    "é",
    "北京",
    "word",
    "x" * 200,
]


def sentences(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start, end, and whether a paragraph ends there."""
    start = len(text) - len(text.lstrip())
    for found in _BREAK.finditer(text, start):
        end = found.end("closing") if found["closing"] is not None else len(text[: found.start()].rstrip())
        yield from pieces(text, start, end, ends_paragraph=found[0].count("\n") > 1)
        start = found.end()
    yield from pieces(text, start, len(text.rstrip()), ends_paragraph=True)


def pieces(text: str, start: int, end: int, *, ends_paragraph: bool) -> Iterator[tuple[int, int, bool]]:
    while end - start > CHARACTERS_MAX:
        last = start + CHARACTERS_MAX
        cut = next((i for i in range(last, start + CHARACTERS_MAX // 2, -1) if text[i].isspace()), last)
        yield start, len(text[:cut].rstrip()), False
        start = cut + len(text[cut:end]) - len(text[cut:end].lstrip())
    if start < end:
        yield start, end, ends_paragraph


def passages(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    closed = True
    for start, end, ends_paragraph in sentences(text):
        if closed or end - found[-1][0] > CHARACTERS_MAX:
            found.append((start, end))
        else:
            found[-1] = found[-1][0], end
        closed = ends_paragraph and end - found[-1][0] >= CHARACTERS_MAX // 3
    return found


@pytest.mark.parametrize("seed", range(20))
def test_any_text_is_cut_by_the_rule(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(40):
        parts = rng.sample(PARTS, rng.randint(1, len(PARTS)))
        text = "".join(rng.choices(parts, k=rng.choice([0, 1, 5, 50, 800])))
        assert split_passages(text) == passages(text), repr(text)


def test_a_long_text_is_checked_often() -> None:
    checks: list[None] = []
    split_passages("A sentence. " * 100_000, lambda: checks.append(None))
    assert len(checks) >= 4
