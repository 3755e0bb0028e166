"""Texts that ask for too much, from `bombs.test`: `{part} * n` there is the part n times."""

from __future__ import annotations

import re
from pathlib import Path

_REPEATED = re.compile(r"\{([^{}]*)\} ?\* ?(\d+)")


def _read() -> dict[str, str]:
    parts = (Path(__file__).parent / "bombs.test").read_text().split("\n=== ")[1:]
    named = (part.split("\n", 1) for part in parts)
    return {name: _REPEATED.sub(lambda m: m[1] * int(m[2]), text.strip()) for name, text in named}


BOMBS = _read()
NOTES = "collection note { key id: keyword  body: text  n: int  one: int = 1 }"
_BODY = "some words that are there again and again " * 10


def notes(count: int) -> list[dict[str, object]]:
    """The records that the bombs read."""
    return [{"id": f"a{i}", "body": f"{_BODY}{i}", "n": i} for i in range(count)]
