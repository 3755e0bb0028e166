"""Whether a value has the form that a JSON Schema gives: the keywords that paasq writes, and no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

KEYWORDS = frozenset(
    "type properties required additionalProperties items enum minimum maximum exclusiveMinimum maxLength format title "
    "description default".split()
)


def violations(schema: Mapping[str, Any], value: Any, place: str = "$") -> Iterator[str]:
    """What is wrong, with its place."""
    assert not schema.keys() - KEYWORDS, f"a schema says {schema.keys() - KEYWORDS}"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(has_kind(value, kind) for kind in kinds):
        yield f"{place} is no {' or '.join(kinds)}: {value!r:.60}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place} is none of {schema['enum']}: {value!r}"
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        yield f"{place} is too long"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{place} is out of bounds: {value}"
        if value <= schema.get("exclusiveMinimum", value - 1):
            yield f"{place} is too small: {value}"
    if isinstance(value, list) and "items" in schema:
        for at, item in enumerate(value):
            yield from violations(schema["items"], item, f"{place}[{at}]")
    if isinstance(value, dict):
        yield from _members(schema, value, place)


def has_kind(value: Any, kind: str) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "integer":
            return number and isinstance(value, int)
        case "number":
            return number
    named = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    return isinstance(value, named[kind])


def _members(schema: Mapping[str, Any], value: dict[str, Any], place: str) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{place} has no {name}" for name in schema.get("required", ()) if name not in value)
    for name, each in value.items():
        if name in known:
            yield from violations(known[name], each, f"{place}.{name}")
        elif others is False:
            yield f"{place} has an unknown {name}"
        elif isinstance(others, dict):
            yield from violations(others, each, f"{place}.{name}")
