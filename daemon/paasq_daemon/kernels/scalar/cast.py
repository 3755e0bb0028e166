"""Values of one kind as another. What can't be converted is null."""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import replace
from datetime import tzinfo

import numpy as np

from paasq_daemon.index.column import Coded, Column, Flat, Ragged
from paasq_daemon.kernels.columns import constant, encode, from_values, to_values
from paasq_daemon.kernels.context import Call, kernel
from paasq_daemon.kernels.operands import flat, map_values, null_of, numbers, restrict, valid_of
from paasq_daemon.kernels.scalar.numeric import whole
from paasq_daemon.kernels.time.zone_transitions import zone_of
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.types import BOOL, DURATION, FLOAT, INT, KEYWORD, STRING_KINDS, TEXT, TIME, Kind, Type
from paasq_dsl.values import INT_MAX, INT_MIN, Duration, Value, parse_duration, parse_time, render_time

_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@kernel("int")
def int_(_: Call, operand: Column) -> Column:
    if operand.type.kind in STRING_KINDS:
        return map_values(INT, _read_int, operand)
    values = numbers(operand)
    if operand.type.kind is Kind.FLOAT:
        return whole(operand, np.trunc(values))
    return flat(INT, values.astype(np.int64), valid_of(operand))


@kernel("float")
def float_(_: Call, operand: Column) -> Column:
    if operand.type.kind in STRING_KINDS:
        return map_values(FLOAT, _read_float, operand)
    return flat(FLOAT, numbers(operand).astype(np.float64), valid_of(operand))


@kernel("bool")
def bool_(_: Call, operand: Column) -> Column:
    if operand.type.kind in STRING_KINDS:
        return map_values(BOOL, lambda text: _TRUTHS.get(text.strip().lower()), operand)
    return flat(BOOL, numbers(operand).astype(np.bool_), valid_of(operand))


@kernel("string")
def string(_: Call, operand: Column) -> Column:
    return written(operand)


@kernel("time")
def time(call: Call, text: Column, zone: Column | None = None) -> Column:
    def read(value: str, name: str = DEFAULT_ZONE) -> int | None:
        return _read_time(value, zone_of(name, call.span))

    return map_values(TIME, read, text, *(() if zone is None else (zone,)))


@kernel("duration")
def duration(_: Call, text: Column) -> Column:
    return map_values(DURATION, _read_duration, text)


@kernel("key_of")
def key_of(_: Call, link: Column) -> Column:
    return replace(encode(link), type=KEYWORD)


@kernel("collection_of")
def collection_of(_: Call, link: Column) -> Column:
    return restrict(constant(KEYWORD, link.type.name, len(link)), ~null_of(link))


def written(column: Column) -> Flat | Coded:
    """Values as text: true, 1.5, 2026-11-22T09:30:00Z, 1h30min, [a, b]; bytes in base64. Strings as they are, null as null."""
    if isinstance(column, Coded) or column.type.kind is Kind.TEXT:
        assert not isinstance(column, Ragged)
        return column
    texts: list[Value] = [None if v is None else _write(column.type, v) for v in to_values(column)]
    found = from_values(TEXT, texts)
    assert isinstance(found, Flat)
    return found


def _write(type_: Type, value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if type_.kind is Kind.TIME:
            return render_time(value)
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
