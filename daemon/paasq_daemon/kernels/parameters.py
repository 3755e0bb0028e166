"""Conversion of a parameter's value, as the client gave it, to the type that the query text declares."""

from __future__ import annotations

import math
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, date, timedelta
from typing import Any

from paasq_daemon.kernels.errors import EvaluationError
from paasq_dsl.bound import ParameterRef
from paasq_dsl.functions.signature import unify
from paasq_dsl.time_zones import DEFAULT_ZONE, find_zone
from paasq_dsl.types import ANY, BOOL, BYTES, DURATION, FLOAT, INT, KEYWORD, NULL, TIME, Type, TypeKind, list_of
from paasq_dsl.values import (
    FLOAT_EXACT_INT_MAX,
    INT_MAX,
    INT_MIN,
    Duration,
    Value,
    is_time,
    parse_datetime,
    parse_duration,
    parse_time,
    to_micros,
)


class _UnfitError(Exception):
    """`args[0]` says what was expected."""


def bind_parameter(expression: ParameterRef, given: Mapping[str, Any]) -> tuple[Type, Value]:
    """(type, value) of a parameter. Where the text declares no type it is inferred from the value.

    A time without an offset is read in the zone of the text. Raises EvaluationError PQ0702 where nothing was given,
    PQ0705 where the value is of another type; floats must be finite.
    """
    name = expression.name
    if name not in given:
        raise EvaluationError("PQ0702", expression.span, name=name)
    raw = given[name]
    type_ = infer_type(raw) if expression.type.kind in {TypeKind.ANY, TypeKind.NULL} else expression.type
    try:
        return type_, _convert(
            type_, raw if expression.zone == DEFAULT_ZONE else _instants(type_, raw, expression.zone)
        )
    except _UnfitError as error:
        shown = repr(raw) if len(repr(raw)) <= 60 else f"{repr(raw)[:60]}..."
        raise EvaluationError("PQ0705", expression.span, name=name, expected=error, found=shown) from None


def infer_type(raw: Any) -> Type:
    """The type of a Python value: keyword for str, time for datetime and date, a list of the common type for a list;
    `any` where there is no such type.
    """
    for python, type_ in _TYPES:
        if isinstance(raw, python):
            return type_
    if isinstance(raw, (list, tuple)):
        items = [infer_type(value) for value in raw]
        if any(found.kind is TypeKind.LIST for found in items):  # which no type is: conversion refuses it
            return list_of(ANY)
        item: Type | None = NULL
        for found in items:
            item = unify(item or ANY, found)
        return list_of(item or ANY)
    return ANY


def _instants(type_: Type, raw: Any, zone: str) -> Any:
    """Times as text in a zone -> instants; what is none stays as it is, to be refused."""
    if type_.kind is TypeKind.LIST and isinstance(raw, (list, tuple)):
        return [_instants(type_.item or ANY, item, zone) for item in raw]
    if type_.kind is not TypeKind.TIME or not isinstance(raw, str):
        return raw
    try:
        return to_micros(parse_datetime(raw), find_zone(zone) or UTC)
    except ValueError:
        return raw


def _convert(type_: Type, raw: Any) -> Value:
    return None if raw is None else _CONVERTERS[type_.kind](type_, raw)


def _string(type_: Type, raw: Any) -> Value:
    if not isinstance(raw, str):
        raise _UnfitError(f"the key of a {type_.name}" if type_.kind is TypeKind.LINK else "a text")
    return raw


def _int(_: Type, raw: Any) -> Value:
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < FLOAT_EXACT_INT_MAX:
        raw = int(raw)  # JSON of some clients has no ints
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise _UnfitError("an int")
    if not INT_MIN <= raw <= INT_MAX:
        raise _UnfitError("an int of 64 bits")
    return raw


def _float(_: Type, raw: Any) -> Value:
    if not isinstance(raw, (int, float)) or isinstance(raw, bool):
        raise _UnfitError("a number")
    try:
        value = float(raw)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise _UnfitError("a finite number")
    if isinstance(raw, int) and int(value) != raw:
        raise _UnfitError("a number that a float can hold")
    return value


def _bool(_: Type, raw: Any) -> Value:
    if not isinstance(raw, bool):
        raise _UnfitError("true or false")
    return raw


def _time(_: Type, raw: Any) -> Value:
    try:
        given = raw if isinstance(raw, int) else to_micros(raw) if isinstance(raw, date) else parse_time(str(raw))
    except ValueError:
        given = True
    if isinstance(given, bool):
        raise _UnfitError("a time such as 2026-11-22 or 2026-11-22T09:30:00Z")
    if not is_time(given):
        raise _UnfitError("a time of the years 1 to 9999")
    return given


def _duration(_: Type, raw: Any) -> Value:
    if isinstance(raw, (Duration, timedelta)):
        given = Duration(0, raw // timedelta(microseconds=1)) if isinstance(raw, timedelta) else raw
        if not given.is_storable:
            raise _UnfitError("a duration of less than 292,000 years")
        return given
    try:
        sign = -1 if raw.startswith("-") else 1
        length = parse_duration(raw.removeprefix("-"))
    except (ValueError, AttributeError):
        raise _UnfitError("a duration such as 7d, 90min or 1h30min") from None
    return Duration(sign * length.months, sign * length.micros)


def _list(type_: Type, raw: Any) -> Value:
    if not isinstance(raw, (list, tuple)):
        raise _UnfitError(f"a list {type_}")
    try:
        return [_convert(type_.item or ANY, item) for item in raw]
    except _UnfitError as error:
        raise _UnfitError(f"a list {type_}, each item {error}") from None


def _vector(type_: Type, raw: Any) -> Value:
    try:
        numbers: list[Value] = [_float(FLOAT, x) for x in raw]
    except (TypeError, _UnfitError):
        raise _UnfitError("a list of numbers") from None
    if type_.dimensions not in {None, len(numbers)}:
        raise _UnfitError(f"{type_.dimensions} numbers (it has {len(numbers)})")
    return numbers


def _bytes(_: Type, raw: Any) -> Value:
    if isinstance(raw, bytes):
        return raw
    try:
        return b64decode(raw, validate=True)
    except (TypeError, ValueError):
        raise _UnfitError("bytes, as text in base64") from None


def _object(_: Type, raw: Any) -> Value:
    """In JSON, as it is: its fields check what is in it."""
    if not isinstance(raw, dict):
        raise _UnfitError("an object")
    return raw


def _nothing(_: Type, __: Any) -> Value:
    raise _UnfitError("a text, number, time, duration, true, false or a list of one of these")


_TYPES: tuple[tuple[type, Type], ...] = (
    (type(None), NULL), (bool, BOOL), (int, INT), (float, FLOAT), (str, KEYWORD), (date, TIME), (Duration, DURATION),
    (timedelta, DURATION), (bytes, BYTES),
)  # fmt: skip
_CONVERTERS: dict[TypeKind, Callable[[Type, Any], Value]] = {
    TypeKind.KEYWORD: _string, TypeKind.TEXT: _string, TypeKind.LINK: _string, TypeKind.INT: _int, TypeKind.FLOAT: _float,
    TypeKind.BOOL: _bool, TypeKind.TIME: _time, TypeKind.DURATION: _duration, TypeKind.LIST: _list, TypeKind.VECTOR: _vector,
    TypeKind.BYTES: _bytes, TypeKind.OBJECT: _object,
    TypeKind.NULL: _nothing, TypeKind.ANY: _nothing,
}  # fmt: skip
