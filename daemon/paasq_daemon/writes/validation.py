"""Validation: values as fields store them, and the errors of those that do not fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.wire.value_codecs import decode
from paasq_daemon.writes.nested_values import flatten
from paasq_daemon.writes.optimistic_check import RETURNED_COLUMNS
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.types import Type, TypeKind
from paasq_dsl.values import (
    FLOAT_EXACT_INT_MAX,
    INT_MAX,
    INT_MIN,
    Duration,
    Value,
    is_time,
    to_micros,
)


def from_json(field: Field, value: Any) -> Value:
    """A JSON value as the field stores it. Raises InvalidValue, which names the field and the fix."""
    type_ = field.type
    if value is None:
        return check_value(field, None)
    if _is_encoded(type_):
        try:
            value = decode(value, type_)
        except (ValueError, TypeError, AttributeError) as error:
            raise _rejected(field, value) from error
    return check_value(field, value)


def check_value(field: Field, value: Value) -> Value:
    """An engine value as the field stores it: an int as a float where the field is one. Raises InvalidValue."""
    if value is None:
        if field.required:
            raise InvalidValue(f"{field.name} is required", f"give {field.name} a value of type {field.type}")
        return None
    return _checked(field, field.type, value)


def check_values(collection: Collection, given: Mapping[str, Any]) -> dict[str, Any]:
    """Engine values by field name as the fields store them; vectors are not checked. Raises InvalidValue."""
    fields = collection.fields_by_name
    return {
        name: value if fields[name].type.kind is TypeKind.VECTOR else check_value(fields[name], value)
        for name, value in given.items()
    }


def vector_bytes(field: Field, value: Any) -> bytes | None:
    """A list of numbers as the stored bytes of a vector: float32, little endian; None for null. Raises InvalidValue."""
    if value is None:
        return None
    size = field.type.dimensions
    numbers = isinstance(value, list) and all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in value)
    if not numbers or (size is not None and len(value) != size):
        raise InvalidValue(f"{field.name} is a vector of {size} numbers", f"give a list of {size} numbers")
    try:
        with np.errstate(over="ignore"):
            vector = np.array(value, np.float32)
    except OverflowError:  # of an int larger than any float
        vector = np.array([np.inf], np.float32)
    if not np.isfinite(vector).all():
        raise InvalidValue(f"{field.name} holds a number that is not finite", "give finite 32-bit numbers")
    return vector.tobytes()


def record_from_json(collection: Collection, data: Mapping[str, Any]) -> dict[str, Any]:
    """Field values by name; vectors as lists. Unknown and missing required fields, and vectors that are made of text, raise
    InvalidValue. System columns are left out."""
    found = _fields_from_json(collection, {name: value for name, value in data.items() if name not in RETURNED_COLUMNS})
    check_required(collection, found)
    return found


def object_from_json(collection: Collection, path: str, value: Any) -> dict[str, Any]:
    """The values of all fields in an object that is written whole: what it leaves out has its default, or is null."""
    left_out = {f.name: f.default for f in collection.fields_by_object[path] if not f.is_generated}
    return left_out | _fields_from_json(collection, {path: value})


def _fields_from_json(collection: Collection, data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in flatten(collection, data).items():
        field = collection.fields_by_name[name]
        if field.source_fields:
            raise InvalidValue(f"{name} is computed from {', '.join(field.source_fields)}", "leave it out")
        found[name] = value if field.type.kind is TypeKind.VECTOR else from_json(field, value)
    return found


def check_required(collection: Collection, given: Mapping[str, Any]) -> None:
    """Raises InvalidValue where a mandatory field other than the key is null or missing."""
    for field in collection.fields:
        missing = field.is_mandatory and given.get(field.name) is None
        if missing and field.name != collection.key:
            raise InvalidValue(f"{collection.name}.{field.name} is required", f"give {field.name} a value")


def _is_encoded(type_: Type) -> bool:
    """Is it text in JSON, and something else here?"""
    kind = type_.item.kind if type_.kind is TypeKind.LIST and type_.item else type_.kind
    return kind in {TypeKind.TIME, TypeKind.DURATION, TypeKind.BYTES}


def _checked(field: Field, type_: Type, value: Any) -> Value:
    if type_.kind is TypeKind.LIST and isinstance(value, list):
        assert type_.item is not None
        if any(item is None for item in value):
            raise _rejected(field, value, "a list holds no nulls")
        return [_checked(field, type_.item, item) for item in value]
    checker = _CHECKERS.get(type_.kind)
    found: Value = None if checker is None else checker(value)
    if found is None:
        raise _rejected(field, value)
    return found


def _rejected(field: Field, value: Any, why: str = "") -> InvalidValue:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return InvalidValue(
        f"{field.name} is {field.type}, and {shown} is not" + (f": {why}" if why else ""), _mend(field.type)
    )


def _mend(type_: Type) -> str:
    mends = {
        TypeKind.TIME: "write a time as text in ISO 8601, such as 2026-11-22T09:30:00Z",
        TypeKind.DURATION: "write a duration as text, such as 1h30min, of less than 292,000 years",
        TypeKind.LIST: f"give a list of {type_.item}",
        TypeKind.INT: "give an int of 64 bits",
        TypeKind.FLOAT: "give a finite number, and an int only where a float is exactly that",
        TypeKind.BYTES: "give bytes as text in base64",
        TypeKind.LINK: f"give the key of a {type_.name} as text",
    }
    return mends.get(type_.kind, f"give a {type_}")


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return None
    return value


def _int(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        whole = isinstance(value, float) and value.is_integer() and abs(value) < FLOAT_EXACT_INT_MAX
        return int(value) if whole else None
    return value if INT_MIN <= value <= INT_MAX else None


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    changed = isinstance(value, int) and int(number) != value  # beyond 2^53 a float is not every int
    return number if math.isfinite(number) and not changed else None


def _time(value: Any) -> int | None:
    if hasattr(value, "isoformat"):
        value = to_micros(value)
    inside = isinstance(value, int) and not isinstance(value, bool) and is_time(value)
    return value if inside else None


_CHECKERS: dict[TypeKind, Callable[[Any], Any]] = {
    TypeKind.KEYWORD: _text,
    TypeKind.TEXT: _text,
    TypeKind.LINK: _text,
    TypeKind.INT: _int,
    TypeKind.FLOAT: _float,
    TypeKind.BOOL: lambda value: value if isinstance(value, bool) else None,
    TypeKind.TIME: _time,
    TypeKind.DURATION: lambda value: value if isinstance(value, Duration) and value.is_storable else None,
    TypeKind.BYTES: lambda value: value if isinstance(value, bytes) else None,
}
