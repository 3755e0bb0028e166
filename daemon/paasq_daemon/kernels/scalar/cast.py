"""Conversions between types. Null stays null, and a value that cannot be converted becomes null."""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import replace
from datetime import tzinfo

import numpy as np

from paasq_daemon.index.column import Column, DictionaryColumn, FlatColumn, ListColumn
from paasq_daemon.kernels.columns import column_from_values, column_to_values, constant_column, dictionary_encode
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.operands import flat_column, map_values, null_mask, null_outside, numeric_values, validity_of
from paasq_daemon.kernels.scalar.numeric import to_integers
from paasq_daemon.kernels.time.zone_transitions import require_zone
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.types import BOOL, DURATION, FLOAT, INT, KEYWORD, STRING_KINDS, TEXT, TIME, Type, TypeKind
from paasq_dsl.values import INT_MAX, INT_MIN, Duration, Value, format_time, parse_duration, parse_time

_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@scalar_kernel("int")
def int_(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[int64]: floats truncated towards zero, null outside 64 bits; bools as 0 and 1; strings of decimal
    digits with a sign.
    """
    if operand.type.kind in STRING_KINDS:
        return map_values(INT, _read_int, operand)
    values = numeric_values(operand)
    if operand.type.kind is TypeKind.FLOAT:
        return to_integers(operand, np.trunc(values))
    return flat_column(INT, values.astype(np.int64), validity_of(operand))


@scalar_kernel("float")
def float_(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[float64]; a string that is no finite number is null."""
    if operand.type.kind in STRING_KINDS:
        return map_values(FLOAT, _read_float, operand)
    return flat_column(FLOAT, numeric_values(operand).astype(np.float64), validity_of(operand))


@scalar_kernel("bool")
def bool_(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[bool]: numbers other than 0 are true; strings true, yes, 1 and false, no, 0 in any case."""
    if operand.type.kind in STRING_KINDS:
        return map_values(BOOL, lambda text: _TRUTHS.get(text.strip().lower()), operand)
    return flat_column(BOOL, numeric_values(operand).astype(np.bool_), validity_of(operand))


@scalar_kernel("string")
def string(_: KernelCall, operand: Column) -> Column:
    """The text of any value, as `cast_to_text` writes it."""
    return cast_to_text(operand)


@scalar_kernel("time")
def to_time(call: KernelCall, text: Column, zone: Column | None = None) -> Column:
    """FlatColumn[time], int64 µs since 1970 UTC, from ISO 8601 text. Without an offset it is read in `zone` (UTC where
    None).

    Raises EvaluationError PQ0704 where there is no such zone.
    """

    def read(value: str, name: str = DEFAULT_ZONE) -> int | None:
        return _read_time(value, require_zone(name, call.span))

    return map_values(TIME, read, text, *(() if zone is None else (zone,)))


@scalar_kernel("duration")
def duration(_: KernelCall, text: Column) -> Column:
    """FlatColumn[duration] from text as the language writes it, such as 1h30min, with an optional minus sign."""
    return map_values(DURATION, _read_duration, text)


@scalar_kernel("key_of")
def link_key(_: KernelCall, link: Column) -> Column:
    """DictionaryColumn[keyword]: the key of the record that a link points to."""
    return replace(dictionary_encode(link), type=KEYWORD)


@scalar_kernel("collection_of")
def link_collection(_: KernelCall, link: Column) -> Column:
    """DictionaryColumn[keyword]: the name of the collection that a link points to; null where the link is."""
    return null_outside(constant_column(KEYWORD, link.type.name, len(link)), ~null_mask(link))


def cast_to_text(column: Column) -> FlatColumn | DictionaryColumn:
    """Values as the language writes them: true, 1.5, 2026-11-22T09:30:00Z, 1h30min, [a, b]; bytes in base64; nulls stay
    null.

    A column of strings is returned unchanged.
    """
    if isinstance(column, DictionaryColumn) or column.type.kind is TypeKind.TEXT:
        assert not isinstance(column, ListColumn)
        return column
    texts: list[Value] = [None if v is None else _write(column.type, v) for v in column_to_values(column)]
    found = column_from_values(TEXT, texts)
    assert isinstance(found, FlatColumn)
    return found


def _write(type_: Type, value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if type_.kind is TypeKind.TIME:
            return format_time(value)
        case bytes():
            return b64encode(value).decode()
        case list():
            item = type_.item or FLOAT  # a vector has no other
            return f"[{', '.join(_write(item, v) for v in value)}]"
        case _:
            return str(value)


def _read_int(text: str) -> int | None:
    digits = text.strip().removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(INT_MAX))):
        return None
    value = int(text)
    return value if INT_MIN <= value <= INT_MAX else None


def _read_float(text: str) -> float | None:
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _read_time(text: str, zone: tzinfo) -> int | None:
    try:
        return parse_time(text.strip(), zone)
    except ValueError:
        return None


def _read_duration(text: str) -> Duration | None:
    """With a sign before it, where the past is meant."""
    written_ = text.strip()
    try:
        found = parse_duration(written_.removeprefix("-"))
    except ValueError:
        return None
    return Duration(-found.months, -found.micros) if written_.startswith("-") else found
