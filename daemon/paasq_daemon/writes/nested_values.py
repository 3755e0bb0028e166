"""Nested objects flattened to values of fields, for a put of JSON or of a pipeline's rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasq_daemon.wire.errors import InvalidValue
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.diagnostics import similar_names


def flatten(collection: Collection, data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by the names of fields; objects are flattened, and a null object makes its members null. Dotted names
    are allowed in place of objects. Raises InvalidValue for an unknown field, and where an object is expected."""
    found: dict[str, Any] = {}
    for member, value in data.items():
        name = f"{prefix}{member}"
        if name in collection.fields_by_object:
            values = _members(collection, name, value)
        elif name in collection.fields_by_name:
            values = {name: value}
        else:
            raise _unknown(collection, name, prefix)
        if twice := next((each for each in values if each in found), None):
            raise InvalidValue(f"{twice} is given twice", "leave one of the two out")
        found |= values
    return found


def _members(collection: Collection, path: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {f.name: None for f in collection.fields_by_object[path] if not f.is_generated}
    if isinstance(value, Mapping):
        return flatten(collection, value, f"{path}.")
    if isinstance(value, list):
        raise InvalidValue(
            f"{path} is one object, not a list of them",
            "make them records of a collection of their own, and link to these: a list of links holds many",
        )
    inside = ", ".join(f.name.removeprefix(f"{path}.") for f in collection.fields_by_object[path])
    raise InvalidValue(f"{path} is an object, and {value!r:.60} is none", f"give an object of {inside}, or null")


def _unknown(collection: Collection, name: str, inside: str) -> InvalidValue:
    if name in SYSTEM_COLUMNS:
        return InvalidValue(f"{name} is kept by the store", "leave it out")
    known = [f.name for f in collection.fields_by_object.get(inside.rstrip("."), collection.fields)]
    meant = similar_names(name, known)
    hint = f"did you mean {' or '.join(meant)}?" if inside and meant else f"its fields are {', '.join(known)}"
    return InvalidValue(f"{collection.name} has no field {name}", hint)
