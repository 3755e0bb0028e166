"""An estimate of the tokens that rows take in the context of a language model."""

from __future__ import annotations

from typing import Any

CHARACTERS_PER_TOKEN = 4  # of English text


def estimate_tokens(row: list[Any]) -> int:
    """The tokens of one row of engine values, from its characters; a value that is not text counts as eight of them."""
    return -(-sum(map(_characters, row)) // CHARACTERS_PER_TOKEN)


def _characters(value: Any) -> int:
    match value:
        case None:
            return 0
        case str():
            return len(value)
        case bytes():
            return 4 * len(value) // 3  # in base64
        case dict():
            return sum(len(name) + _characters(inner) for name, inner in value.items())
        case _:
            return 8
