"""JSON Schemas (draft 2020-12) of what goes over the wire, written in few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}
ANY: Schema = {}


def described(schema: Schema, doc: str) -> Schema:
    """The schema with words for people."""
    return {**schema, "description": doc}


def nullable(schema: Schema) -> Schema:
    """What the schema has, or null."""
    if "type" not in schema:
        return schema
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*kinds, "null"]}


def list_of(items: Schema) -> Schema:
    """A list, each of its items as `items` says."""
    return {"type": "array", "items": items}


def map_of(values: Schema) -> Schema:
    """An object with any names, each value as `values` says."""
    return {"type": "object", "additionalProperties": values}


def one_of(*words: str) -> Schema:
    """One of these texts."""
    return {"type": "string", "enum": list(words)}


def object_of(members: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, title: str = "") -> Schema:
    """An object that has all of `members`, some of `optional` and nothing else; `title` names it among others."""
    properties = {**members, **(optional or {})}
    named = {"title": title} if title else {}
    return {
        **named, "type": "object", "properties": properties, "required": list(members), "additionalProperties": False
    }  # fmt: skip
