"""What the text of a CSV cell means, by the type of its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from paasq_daemon.wire.exact_json import loads
from paasq_dsl.types import Type, TypeKind
from paasq_dsl.values import INT_MAX, INT_MIN

_WHOLE = re.compile(r"[+-]?\d+")
_WHOLE_WITH_POINT = re.compile(r"([+-]?\d+)\.0*")  # as spreadsheets write a column of numbers that has gaps
_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@cache
def cell_parser(type_: Type) -> Callable[[str], Any]:
    """Text -> a JSON value. Times, durations and links stay text, which the store reads. Raises ValueError.

    A list is a JSON list, or items separated by semicolons: `work; family`.
    """
    if type_.kind is TypeKind.LIST:
        assert type_.item is not None
        item = cell_parser(type_.item)
        return lambda text: (
            _json_list(text) if text.startswith("[") else [item(each.strip()) for each in text.split(";")]
        )
    return _READERS.get(type_.kind, str)


def _whole(text: str) -> int:
    digits = text.strip()
    if found := _WHOLE_WITH_POINT.fullmatch(digits):
        digits = found[1]
    if not _WHOLE.fullmatch(digits):
        raise ValueError(f"{text!r} is not a whole number")
    if len(digits) > len(str(INT_MIN)) or not INT_MIN <= int(digits) <= INT_MAX:
        raise ValueError(f"{text!r:.60} is outside the 64 bits of an int")
    return int(digits)


def _number(text: str) -> float | int:
    """A whole number stays one, so that the store sees whether a float can hold it."""
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    return _whole(text) if _WHOLE.fullmatch(text.strip()) else number


def _bool(text: str) -> bool:
    value = _BOOLS.get(text.strip().lower())
    if value is None:
        raise ValueError(f"{text!r} is neither true nor false")
    return value


def _json_list(text: str) -> list[Any]:
    try:
        value = loads(text)
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise ValueError(f"{text!r} is not a JSON list")  # noqa: TRY004  # the text is wrong, not its type
    return value


_READERS: Mapping[TypeKind, Callable[[str], Any]] = {
    TypeKind.INT: _whole,
    TypeKind.FLOAT: _number,
    TypeKind.BOOL: _bool,
    TypeKind.VECTOR: _json_list,
}
