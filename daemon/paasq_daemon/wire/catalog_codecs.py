"""Catalogs and single records on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paasq_daemon.wire.value_codecs import decode, encode, to_python
from paasq_dsl.catalog import SYSTEM_COLUMNS, Catalog, Collection, catalog_from_json, catalog_to_json


def encode_catalog(catalog: Catalog) -> dict[str, Any]:
    """The catalog as JSON, the fields' defaults encoded by their types."""
    message = catalog_to_json(catalog)
    for collection in message["collections"]:
        types = {f.name: f.type for f in catalog.collections[collection["name"]].fields}
        for field in collection["fields"]:
            field["default"] = encode(field["default"], types[field["name"]])
    return message


def decode_catalog(message: Mapping[str, Any]) -> Catalog:
    """The inverse of `encode_catalog`."""
    catalog = catalog_from_json(message)
    for name, collection in catalog.collections.items():
        fields = tuple(replace(f, default=decode(f.default, f.type)) for f in collection.fields)
        catalog = replace(catalog, collections={**catalog.collections, name: replace(collection, fields=fields)})
    return catalog


def encode_record(record: Mapping[str, Any], collection: Collection) -> dict[str, Any]:
    """`record` holds engine values by field name. Types go with the values, so that the client needs no catalog."""
    types = field_types(collection)
    names = {name: types.get(name, "any") for name in record}
    return {
        "columns": [{"name": name, "type": type_name} for name, type_name in names.items()],
        "record": {name: encode(record[name], type_name) for name, type_name in names.items()},
    }


def decode_record(message: Mapping[str, Any]) -> dict[str, Any]:
    """A record as Python values."""
    types = {column["name"]: column["type"] for column in message["columns"]}
    return {name: to_python(decode(value, types[name]), types[name]) for name, value in message["record"].items()}


def record_to_python(record: Mapping[str, Any], collection: Collection) -> dict[str, Any]:
    """As `decode_record(encode_record(...))`, without the detour through JSON."""
    types = field_types(collection)
    return {name: to_python(value, types.get(name, "any")) for name, value in record.items()}


def field_types(collection: Collection) -> dict[str, str]:
    """The type of each value of a record and of each system column, as `str(Type)` writes it."""
    system = {name: str(type_) for name, type_ in SYSTEM_COLUMNS.items()}
    return system | {name: str(type_) for name, type_ in collection.record_types.items()}
