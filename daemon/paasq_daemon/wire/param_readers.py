"""Parameters of a method as clients send them. Each wrong or unknown one is refused by name; a reader's schema says the same
to programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from paasq_daemon.wire.json_rpc import INVALID_PARAMS, RpcError
from paasq_daemon.wire.json_schema import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    TIME,
    Schema,
    described,
    list_of,
    map_of,
    nullable,
    object_of,
)
from paasq_daemon.wire.request import Budget
from paasq_dsl.values import parse_time

COUNT_MAX = 2**53  # the largest whole number that every JSON library keeps


@dataclass(frozen=True, slots=True)
class Reader:
    """`read` takes a JSON value and its place, for people, and gives the value as methods want it; it raises RpcError on
    what the schema has not. `schema` is JSON Schema."""

    read: Callable[[Any, str], Any]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter by name. One with a default may be left out, or null."""

    name: str
    reader: Reader
    doc: str
    required: bool = True
    default: Any = None

    @property
    def schema(self) -> Schema:
        """JSON Schema, with the words for people and the default."""
        schema = described(self.reader.schema, self.doc)
        if self.required:
            return schema
        return nullable(schema) if self.default is None else {**nullable(schema), "default": self.default}


def optional(name: str, reader: Reader, doc: str, default: Any = None) -> Param:
    """A parameter that may be left out or null, and then is `default`."""
    return Param(name, reader, doc, required=False, default=default)


def params_schema(params: Sequence[Param]) -> Schema:
    """JSON Schema of the object that has these parameters."""
    required = {param.name: param.schema for param in params if param.required}
    return object_of(required, {param.name: param.schema for param in params if not param.required})


def read_params(params: Sequence[Param], given: Any, place: str = "params") -> dict[str, Any]:
    """The value of every parameter by name. Raises RpcError naming the one that is wrong, missing or unknown."""
    if not isinstance(given, dict):
        _refuse(place, "an object of parameters by name", given)
    names = [param.name for param in params]
    for name in given:
        if name not in names:
            takes = f"there are {', '.join(names)}" if names else "this method takes none"
            raise RpcError(INVALID_PARAMS, f"{place}.{name:.80} is not known", takes)
    return {param.name: _read(param, given, f"{place}.{param.name}") for param in params}


def text_up_to(chars_max: int) -> Reader:
    """A reader of strings of at most `chars_max` characters."""

    def read(value: Any, place: str) -> str:
        if len(_text(value, place)) > chars_max:
            raise RpcError(
                INVALID_PARAMS,
                f"{place} may have {chars_max:,} characters at most, and has {len(value):,}",
                "give large values as parameters, and records to `put`",
            )
        return str(value)

    return Reader(read, {**TEXT, "maxLength": chars_max})


def integer(least: int, most: int) -> Reader:
    """A reader of whole numbers from `least` to `most`, both included; a boolean is none."""

    def read(value: Any, place: str) -> int:
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return int(value) if fits else _refuse(place, f"a whole number from {least} to {most}", value)

    return Reader(read, {**INTEGER, "minimum": least, "maximum": most})


def _text(value: Any, place: str) -> str:
    return value if isinstance(value, str) else _refuse(place, "text", value)


def _timestamp(value: Any, place: str) -> int:
    try:
        return parse_time(_text(value, place))
    except ValueError as error:
        raise RpcError(INVALID_PARAMS, f"{place}: {error}") from None


def _boolean(value: Any, place: str) -> bool:
    return value if isinstance(value, bool) else _refuse(place, "true or false", value)


def _positive(value: Any, place: str) -> float:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    return float(value) if fits else _refuse(place, "a number above 0", value)


def _object(value: Any, place: str) -> dict[str, Any]:
    return value if isinstance(value, dict) else _refuse(place, "an object", value)


def _text_map(value: Any, place: str) -> dict[str, str]:
    return {name: _text(each, f"{place}.{name:.80}") for name, each in _object(value, place).items()}


def _texts(value: Any, place: str) -> list[str]:
    if not isinstance(value, list):
        _refuse(place, "a list of texts", value)
    return [_text(item, f"{place}[{at}]") for at, item in enumerate(value)]


def _records(value: Any, place: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        _refuse(place, "a list of objects", value)
    return [_object(item, f"{place}[{at}]") for at, item in enumerate(value)]


def _request_id(value: Any, place: str) -> str | int:
    if not isinstance(value, str | int) or isinstance(value, bool):
        _refuse(place, "the id of a request, text or a whole number", value)
    return value


def _budget(value: Any, place: str) -> Budget:
    return Budget(**read_params(_BUDGET, value, place))


def _read(param: Param, given: dict[str, Any], place: str) -> Any:
    value = given.get(param.name)
    if value is not None:
        return param.reader.read(value, place)
    if param.required:
        raise RpcError(INVALID_PARAMS, f"{place} is missing")
    return param.default


def _refuse(place: str, wanted: str, given: Any) -> NoReturn:
    number = isinstance(given, int | float) and not isinstance(given, bool)
    raise RpcError(INVALID_PARAMS, f"{place} must be {wanted}, not {given if number else _KINDS[type(given)]}")


_KINDS = {type(None): "null", bool: "a boolean", str: "text", list: "a list", dict: "an object"}

ANY_TEXT = Reader(_text, TEXT)
TIMESTAMP = Reader(_timestamp, TIME)  # -> microseconds since 1970; a time without an offset is UTC's
FLAG = Reader(_boolean, BOOLEAN)
POSITIVE = Reader(_positive, {**NUMBER, "exclusiveMinimum": 0})
ANY_OBJECT = Reader(_object, OBJECT)
TEXT_MAP = Reader(_text_map, map_of(TEXT))
TEXTS = Reader(_texts, list_of(TEXT))
RECORDS = Reader(_records, list_of(OBJECT))
REQUEST_ID = Reader(_request_id, {"type": ["string", "integer"]})

COUNT = integer(1, COUNT_MAX)
_BUDGET = (
    optional("time_ms", POSITIVE, "milliseconds from its arrival"),
    optional("rows", COUNT, "rows of its answer"),
    optional("tokens", COUNT, "tokens of its answer, four characters each"),
)
BUDGET = Reader(_budget, params_schema(_BUDGET))
