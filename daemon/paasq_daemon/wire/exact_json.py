"""JSON with exact integers: orjson reads one of more than 64 bits as the nearest float."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

JSON_DEPTH_MAX = 64  # of arrays and objects in each other
_LONG = re.compile(r"\d{19}")
_DIGITS_READ = 40  # of a whole number: one that long is refused by whoever asks for an int


def loads(text: bytes | str) -> Any:
    """The parsed value, integers of more than 64 bits too (the first 40 digits). Raises ValueError on invalid JSON."""
    value = orjson.loads(text)
    whole = text.decode() if isinstance(text, bytes) else text
    if not _LONG.search(whole):
        return value
    try:
        return json.loads(whole, parse_int=lambda digits: int(digits[:_DIGITS_READ]))
    except RecursionError:
        raise ValueError("it is nested too deep") from None
