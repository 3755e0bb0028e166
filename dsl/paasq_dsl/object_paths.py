"""Objects: nested values at the edges of the engine, in records and in answers. Inside it each member is a field, or a
column, of its own, whose dotted name says where it is: `address.geo.lat`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from paasq_dsl.types import Type, TypeKind, object_of
from paasq_dsl.values import Value


def ancestor_paths(name: str) -> Iterator[str]:
    """Those of the objects that `name` is in, outermost first: `address`, `address.geo`."""
    parts = name.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts)))


def is_descendant_path(name: str, path: str) -> bool:
    """Is this a member of the object at `path`, or of one in it?"""
    return name.startswith(f"{path}.")


def nested_types(columns: Iterable[tuple[str, Type, str | None]]) -> dict[str, Type]:
    """What is shown of columns given as name, type and the object that each is a member of: one type a name, in the order
    in which they first appear, the members of an object as one."""
    found: dict[str, Type] = {}
    members: dict[str, list[tuple[str, Type, str | None]]] = {}
    for name, type_, path in columns:
        if path is None:
            found[name] = type_
            continue
        found.setdefault(path, type_)
        rest = name[len(path) + 1 :]
        inner = rest.partition(".")[0] if "." in rest else None
        members.setdefault(path, []).append((rest, type_, inner))
    return found | {path: object_of(nested_types(inside).items()) for path, inside in members.items()}


def nest_value(type_: Type, name: str, value_of: Callable[[str], Value]) -> Value:
    """The value shown under `name`, of those that `value_of` gives for the names of columns: an object whose members are all
    null is null."""
    if type_.kind is not TypeKind.OBJECT:
        return value_of(name)
    found = {member: nest_value(inner, f"{name}.{member}", value_of) for member, inner in type_.members}
    return found if any(value is not None for value in found.values()) else None
