"""Parameters of a method as clients send them. Each wrong or unknown one is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from paasq_daemon.wire.json_rpc import INVALID_PARAMS, RpcError
from paasq_daemon.wire.request import Budget
from paasq_dsl.values import parse_time

Read: TypeAlias = Callable[[Any, str], Any]  # (value, its place for people) -> value; raises RpcError


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter by name. One with a default may be left out, or null."""

    name: str
    read: Read
    required: bool = True
    default: Any = None


def optional(name: str, read: Read, default: Any = None) -> Param:
    """A parameter that may be left out or null, and then is `default`."""
    return Param(name, read, required=False, default=default)


def read_params(spec: Sequence[Param], given: Any, place: str = "params") -> dict[str, Any]:
    """Every parameter of `spec` by name. Raises RpcError naming the one that is wrong, missing or unknown."""
    if not isinstance(given, dict):
        _refuse(place, "an object of parameters by name", given)
    names = [param.name for param in spec]
    for name in given:
        if name not in names:
            takes = f"there are {', '.join(names)}" if names else "this method takes none"
            raise RpcError(INVALID_PARAMS, f"{place}.{name:.80} is not known", takes)
    return {param.name: _read(param, given, f"{place}.{param.name}") for param in spec}


def text(value: Any, place: str) -> str:
    """A string. Raises RpcError."""
    return value if isinstance(value, str) else _refuse(place, "text", value)


def text_up_to(chars_max: int) -> Read:
    """A reader of strings of at most `chars_max` characters."""

    def read(value: Any, place: str) -> str:
        if len(text(value, place)) > chars_max:
            raise RpcError(
                INVALID_PARAMS,
                f"{place} may have {chars_max:,} characters at most, and has {len(value):,}",
                "give large values as parameters, and records to `put`",
            )
        return str(value)

    return read


def timestamp(value: Any, place: str) -> int:
    """Microseconds since 1970; a time without an offset is UTC's."""
    try:
        return parse_time(text(value, place))
    except ValueError as error:
        raise RpcError(INVALID_PARAMS, f"{place}: {error}") from None


def integer(least: int, most: int) -> Read:
    """A reader of whole numbers from `least` to `most`, both included; a boolean is none."""

    def read(value: Any, place: str) -> int:
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return int(value) if fits else _refuse(place, f"a whole number from {least} to {most}", value)

    return read


def boolean(value: Any, place: str) -> bool:
    """True or false. Raises RpcError."""
    return value if isinstance(value, bool) else _refuse(place, "true or false", value)


def positive(value: Any, place: str) -> float:
    """A number above 0, as a float. Raises RpcError."""
    fits = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    return float(value) if fits else _refuse(place, "a number above 0", value)


def json_object(value: Any, place: str) -> dict[str, Any]:
    """A JSON object. Raises RpcError."""
    return value if isinstance(value, dict) else _refuse(place, "an object", value)


def text_map(value: Any, place: str) -> dict[str, str]:
    """An object whose values are strings. Raises RpcError naming the one that is none."""
    return {name: text(each, f"{place}.{name:.80}") for name, each in json_object(value, place).items()}


def texts(value: Any, place: str) -> list[str]:
    """A list of strings. Raises RpcError naming the place of the one that is none."""
    if not isinstance(value, list):
        _refuse(place, "a list of texts", value)
    return [text(item, f"{place}[{at}]") for at, item in enumerate(value)]


def records(value: Any, place: str) -> list[dict[str, Any]]:
    """A list of JSON objects. Raises RpcError naming the place of the one that is none."""
    if not isinstance(value, list):
        _refuse(place, "a list of objects", value)
    return [json_object(item, f"{place}[{at}]") for at, item in enumerate(value)]


def request_id(value: Any, place: str) -> str | int:
    """The id of a JSON-RPC request: a string or a whole number. Raises RpcError."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        _refuse(place, "the id of a request, text or a whole number", value)
    return value


def budget(value: Any, place: str) -> Budget:
    """Limits of a request: time_ms, rows, tokens. Raises RpcError, InvalidValue."""
    return Budget(**read_params(_BUDGET, value, place))


def _read(param: Param, given: dict[str, Any], place: str) -> Any:
    value = given.get(param.name)
    if value is not None:
        return param.read(value, place)
    if param.required:
        raise RpcError(INVALID_PARAMS, f"{place} is missing")
    return param.default


def _refuse(place: str, wanted: str, given: Any) -> NoReturn:
    number = isinstance(given, int | float) and not isinstance(given, bool)
    raise RpcError(INVALID_PARAMS, f"{place} must be {wanted}, not {given if number else _KINDS[type(given)]}")


_KINDS = {type(None): "null", bool: "a boolean", str: "text", list: "a list", dict: "an object"}
_COUNT = integer(1, 2**53)
_BUDGET = (optional("time_ms", positive), optional("rows", _COUNT), optional("tokens", _COUNT))
