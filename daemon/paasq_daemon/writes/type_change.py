"""Lossless conversion of stored values, for a field whose type is altered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.wire.value_codecs import decode, encode, format_value
from paasq_daemon.writes.validation import check_value
from paasq_dsl.catalog import Field
from paasq_dsl.types import STRING_KINDS, Type, TypeKind
from paasq_dsl.values import Value


def convert_lossless(before: Type, after: Field, value: Value) -> Value:
    """The value as the field `after` stores it; None where it does not convert, or not without loss."""
    try:
        return check_value(after, _converted(before, after.type, value))
    except (InvalidValue, ValueError, TypeError, KeyError):
        return None


def _converted(before: Type, after: Type, value: Any) -> Any:
    """Raises ValueError, KeyError or TypeError where there is no way."""
    if after.kind is TypeKind.LIST:
        assert after.item is not None
        if before.kind is TypeKind.LIST:
            return [_converted(before.item or before, after.item, item) for item in value]
        return [_converted(before, after.item, value)]
    if after.kind in STRING_KINDS:
        return encode(value, before) if before.kind is TypeKind.BYTES else format_value(value, before)
    if before.kind is after.kind:
        return value
    return _READERS[before.kind in STRING_KINDS, after.kind](value)


def _bool(text: str) -> bool:
    return {"true": True, "false": False}[text.strip().lower()]


# (is it a string now?, new kind) -> conversion. check_value does the rest: it refuses 1.5 as an int.
_READERS: dict[tuple[bool, TypeKind], Callable[[Any], Any]] = {
    (True, TypeKind.INT): int,
    (True, TypeKind.FLOAT): float,
    (True, TypeKind.BOOL): _bool,
    (True, TypeKind.TIME): lambda text: decode(text.strip(), "time"),
    (True, TypeKind.BYTES): lambda text: decode(text.strip(), "bytes"),
    (True, TypeKind.DURATION): lambda text: decode(text.strip(), "duration"),
    (False, TypeKind.INT): lambda number: number,
    (False, TypeKind.FLOAT): lambda number: number,
}
