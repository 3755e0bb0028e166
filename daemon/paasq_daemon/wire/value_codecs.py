"""Codecs of values: engine value <-> JSON, and engine value -> Python value. One codec a kind of column.

| kind | engine | JSON | Python |
|---|---|---|---|
| time | int, microseconds since 1970 in UTC | `"2026-11-22T09:30:00Z"` | aware datetime in UTC |
| duration | Duration | `"1h30min"` | Duration |
| float | float | number; `"NaN"`, `"Infinity"`, `"-Infinity"` | float |
| vector | sequence of float | list of numbers | list of float |
| link, keyword, text | str | string | str |
| int, bool | int, bool | number, true or false | int, bool |
| list | list | list, item by item | list, item by item |
| object | dict | object, member by member | dict, member by member |
| bytes | bytes | string in base64 | bytes |
| any | any of the above | as its own type suggests | as it is |

Null is null everywhere. A time outside the years 1 to 9999 is `"<n>us"` in JSON and an int in Python.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Any, TypeAlias

from paasq_daemon.wire.errors import InvalidValue, LimitExceeded
from paasq_daemon.wire.exact_json import JSON_DEPTH_MAX
from paasq_dsl.types import Type
from paasq_dsl.values import Duration, format_time, parse_time, parse_unbounded_duration, to_datetime, to_micros

Convert: TypeAlias = Callable[[Any], Any]
_INT_BITS_MAX = 1024  # as a float's largest; the text of a longer one costs the square of its length
_MEMBER = re.compile(r"(?:`([^`]+)`|([^`:]+)): (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Codec:
    """The three conversions of one type. Each takes null to null."""

    encode: Convert  # engine value -> JSON
    decode: Convert  # JSON -> engine value; ValueError or TypeError on what `encode` never writes
    to_python: Convert  # engine value -> Python


@lru_cache(maxsize=512)
def codec(type_name: str) -> Codec:
    """The codec of a type as `str(Type)` writes it: `time`, `[keyword]`, `link<task>`, `vector(384)`, `{city: keyword}`."""
    if type_name.startswith("["):
        item = codec(type_name[1:-1])
        return Codec(_each(item.encode), _each(item.decode), _each(item.to_python))
    if type_name.startswith("{"):
        members = {name: codec(inner) for name, inner in member_types(type_name).items()}
        return Codec(
            _members({name: each.encode for name, each in members.items()}),
            _members({name: each.decode for name, each in members.items()}),
            _members({name: each.to_python for name, each in members.items()}),
        )
    kind = type_name.partition("(")[0].partition("<")[0]
    return _CODECS.get(kind, _ANY)


@lru_cache(maxsize=512)
def member_types(type_name: str) -> Mapping[str, str]:
    """The types of an object's members by name, from its type as `str(Type)` writes it."""
    found: dict[str, str] = {}
    inside = type_name[1:-1]
    starts = [0, *(end + 2 for end in _commas(inside)), len(inside) + 2]
    for start, end in pairwise(starts):
        quoted, plain_name, inner = _MEMBER.fullmatch(inside[start : end - 2]).groups()  # type: ignore[union-attr]  # str(Type) wrote the text
        found[quoted or plain_name] = inner
    return found


def leaf_paths(name: str, type_name: str) -> Iterator[tuple[str, ...]]:
    """The paths of a column's leaf values: `(address, city)` for a member of an object, `(name,)` for other columns."""
    if not type_name.startswith("{"):
        yield (name,)
        return
    for member, inner in member_types(type_name).items():
        yield from ((name, *path) for path in leaf_paths(member, inner))


def _commas(members: str) -> Iterator[int]:
    """Offsets of the commas between members, those inside a member left out."""
    depth, quoted = 0, False
    for at, character in enumerate(members):
        quoted ^= character == "`"
        depth += 0 if quoted else (character == "{") - (character == "}")
        if character == "," and not depth and not quoted:
            yield at


def encode(value: Any, type_: Type | str) -> Any:
    """An engine value of this type as JSON."""
    return codec(str(type_)).encode(value)


def decode(value: Any, type_: Type | str) -> Any:
    """JSON as an engine value of this type. Raises ValueError or TypeError on what `encode` never writes."""
    return codec(str(type_)).decode(value)


def to_python(value: Any, type_: Type | str) -> Any:
    """An engine value of this type as Python users get it."""
    return codec(str(type_)).to_python(value)


def bytes_summary(value: bytes) -> str:
    """Bytes for people: how many, and the beginning of their SHA-256."""
    return f"{len(value):,} bytes, sha256 {sha256(value).hexdigest()[:12]}"


def format_value(value: Any, type_: Type | str) -> str | None:
    """A value for people, in one column with values of other types; None for null."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return bytes_summary(value)
    encoded = encode(value, type_)
    return encoded if isinstance(encoded, str) else json.dumps(encoded, ensure_ascii=False)


def to_json_value(value: Any, levels_max: int = JSON_DEPTH_MAX) -> Any:
    """A Python value (a parameter, a field of a record) as JSON, to be read by a type that only the daemon knows.

    Times and durations become text, bytes base64, arrays lists. Raises TypeError on what no field can hold, InvalidValue on
    an int larger than any float, LimitExceeded where more than `levels_max` lists and objects are in each other.
    """
    match value:
        case None | bool() | str():
            return value
        case float():
            return _finite(value)
        case int():
            return _bounded(value)
        case datetime() if value.tzinfo is not None:
            return format_time(to_micros(value))
        case datetime() | date():
            return value.isoformat()  # of no zone: the reader's
        case timedelta():
            return _duration_text(Duration(micros=value // timedelta(microseconds=1)))
        case Duration():
            return _duration_text(value)
        case bytes() | bytearray() | memoryview():
            return b64encode(value).decode()
        case Mapping():
            inside = _level_below(levels_max)
            return {_name(name): to_json_value(item, inside) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            inside = _level_below(levels_max)
            return [to_json_value(item, inside) for item in value]
    if hasattr(value, "tolist"):  # numpy arrays and scalars, without importing numpy
        return to_json_value(value.tolist(), levels_max)
    raise TypeError(f"a {type(value).__name__} is not a value of paasq")


def _bounded(value: int) -> int:
    if value.bit_length() > _INT_BITS_MAX:
        raise InvalidValue(f"an int of {value.bit_length():,} bits is larger than any number", "give an int of 64 bits")
    return value


def _level_below(levels_max: int) -> int:
    if not levels_max:
        raise LimitExceeded(
            f"a value is nested deeper than {JSON_DEPTH_MAX} levels", "put what is that deep into a text or bytes"
        )
    return levels_max - 1


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a field's name is text, not {name!r}")
    return name


def _nullable(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _each(convert: Convert) -> Convert:
    return lambda values: None if values is None else [convert(value) for value in values]


def _members(converts: Mapping[str, Convert]) -> Convert:
    return _nullable(lambda value: {name: convert(value[name]) for name, convert in converts.items()})


def _same(value: Any) -> Any:
    return value


def _finite(value: float) -> float | str:
    """JSON has no NaN and no infinities: these three strings are those of protobuf's JSON mapping."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _floats(values: Iterable[Any]) -> list[float]:
    return [float(value) for value in values]


def _encode_floats(values: Iterable[Any]) -> list[float | str]:
    return [_finite(float(value)) for value in values]


def _encode_time(value: int | datetime) -> str:
    return format_time(to_micros(value) if isinstance(value, datetime) else int(value))


def _decode_time(text: str) -> int:
    return int(text[:-2]) if text.endswith("us") else parse_time(text)


def _present_time(value: int | datetime) -> datetime | int:
    if isinstance(value, datetime):
        return value
    try:
        return to_datetime(int(value))
    except OverflowError:
        return int(value)


def _duration_text(value: Duration) -> str:
    """`1mo2d`, `-3h`; months and microseconds of different signs as two durations with a `+` between."""
    if value.months * value.micros < 0:
        return f"{Duration(months=value.months)}+{Duration(micros=value.micros)}"
    return str(value)


def _parse_duration(text: str) -> Duration:
    months = micros = 0
    for part in text.split("+"):
        size = parse_unbounded_duration(part.removeprefix("-"))
        sign = -1 if part.startswith("-") else 1
        months, micros = months + sign * size.months, micros + sign * size.micros
    return Duration(months, micros)


def _decode_bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise ValueError("this is not base64") from None


def _encode_any(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, bytes) and not isinstance(value, str):
        return [_encode_any(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _encode_any(item) for name, item in value.items()}
    return to_json_value(value)


_ANY = Codec(_encode_any, _same, _same)
_TEXT = Codec(_same, _same, _same)
_CODECS: Mapping[str, Codec] = {
    "keyword": _TEXT,
    "text": _TEXT,
    "link": _TEXT,
    "int": Codec(_nullable(int), _same, _nullable(int)),
    "bool": Codec(_nullable(bool), _same, _nullable(bool)),
    "float": Codec(_nullable(lambda value: _finite(float(value))), _nullable(float), _nullable(float)),
    "time": Codec(_nullable(_encode_time), _nullable(_decode_time), _nullable(_present_time)),
    "duration": Codec(_nullable(_duration_text), _nullable(_parse_duration), _same),
    "bytes": Codec(_nullable(lambda value: b64encode(value).decode()), _nullable(_decode_bytes), _same),
    "vector": Codec(_nullable(_encode_floats), _nullable(_floats), _nullable(_floats)),
}
