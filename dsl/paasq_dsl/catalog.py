"""The schema of a store: collections and their fields. Immutable; a change makes a new catalog of the next version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from paasq_dsl.object_paths import ancestor_paths, nested_types
from paasq_dsl.retention import (
    HISTORY_ALL,
    HISTORY_DEFAULT,
    HistoryBound,
    TimeToLive,
    history_from_text,
    time_to_live_from_json,
    time_to_live_to_json,
)
from paasq_dsl.syntax.lexer import format_name
from paasq_dsl.types import FLOAT, INT, KEYWORD, TIME, Type, TypeKind
from paasq_dsl.values import Value


@dataclass(frozen=True)
class Field:
    """A field of a collection.

    `id` is the field's name on disk: it never changes and is never given to another field of the collection.
    `source_fields` are the text fields that a `vector(auto)` is computed from; `embedding_model` the model's identity.
    `computed` is the expression that its value is of the record's other fields, as canonical text, read in UTC.
    """

    id: int
    name: str
    type: Type
    required: bool = False
    default: Value = None
    source_fields: tuple[str, ...] = ()
    embedding_model: str | None = None
    doc: str = ""
    unique: bool = False
    computed: str | None = None

    @property
    def is_generated(self) -> bool:
        """Does the store make its value, from other fields?"""
        return bool(self.source_fields) or self.computed is not None

    @property
    def is_mandatory(self) -> bool:
        """Is a record refused that comes without it?"""
        return self.required and self.default is None and not self.is_generated


@dataclass(frozen=True)
class Collection:
    """A collection. `id` is its name on disk; `key` names the field that identifies a record; `last_field_id` is the
    highest id given, that of a dropped field too. Its records are kept for ever where `time_to_live` is None, and its
    history as long as the store's where `history` is."""

    id: int
    name: str
    fields: tuple[Field, ...]
    key: str
    doc: str = ""
    last_field_id: int = 0
    time_to_live: TimeToLive | None = field(
        default=None, repr=False
    )  # neither changes what a query is, and its cursors
    history: HistoryBound | None = field(default=None, repr=False)

    @property
    def next_field_id(self) -> int:
        """The id that the next field gets: above all ids ever given here, those of dropped fields too."""
        return max([self.last_field_id, *(f.id for f in self.fields)]) + 1

    @cached_property
    def fields_by_name(self) -> Mapping[str, Field]:
        """The fields by their full dotted names, in order of declaration. Read-only."""
        return MappingProxyType({f.name: f for f in self.fields})

    @cached_property
    def key_field(self) -> Field:
        """The field that identifies a record."""
        return self.fields_by_name[self.key]

    @cached_property
    def fields_by_object(self) -> Mapping[str, tuple[Field, ...]]:
        """The fields in each object, by its dotted name, those of objects in it too. A name with a dot makes one."""
        found: dict[str, list[Field]] = {}
        for each in self.fields:
            for path in ancestor_paths(each.name):
                if path not in self.fields_by_name:
                    found.setdefault(path, []).append(each)
        return MappingProxyType({path: tuple(fields) for path, fields in found.items()})

    def outermost_object(self, name: str) -> str | None:
        """The outermost object that a field is in."""
        return next((path for path in ancestor_paths(name) if path in self.fields_by_object), None)

    @cached_property
    def record_types(self) -> Mapping[str, Type]:
        """What a record is put and shown as: its fields but the vectors made of text, an object as one value."""
        given = (f for f in self.fields if not f.source_fields)
        return MappingProxyType(nested_types((f.name, f.type, self.outermost_object(f.name)) for f in given))

    def fields_of_kind(self, kind: TypeKind) -> tuple[Field, ...]:
        """The fields whose type has this kind, in order of declaration; lists of it do not count."""
        return tuple(f for f in self.fields if f.type.kind is kind)

    def vector_field_like(self, field: Field) -> Field | None:
        """Where a record has the vector that it is compared by with those of `field`, which may be another collection's: the
        field of that name, or else the first of as many numbers; None where there is neither."""
        alike = [f for f in self.fields_of_kind(TypeKind.VECTOR) if f.type.dimensions == field.type.dimensions]
        return next((f for f in alike if f.name == field.name), alike[0] if alike else None)


KEY_FIELD_DEFAULT = "_id"  # the key of a collection that declares none: a time-ordered id made at the first put

# What every record has in addition to its fields. Their names begin with an underscore; a declared field's may not.
SYSTEM_COLUMNS: Mapping[str, Type] = MappingProxyType(
    {
        "_key": KEYWORD,  # the key, whatever its field is called
        "_version": INT,  # 1 at the first put, one more at each change
        "_seq": INT,  # the store's sequence number of the last change
        "_time": TIME,  # when that change was acknowledged
        "_confirmed": TIME,  # when it was last put, with other values or the same; of the present alone
        "_score": FLOAT,  # only after a retrieval stage
    }
)


@dataclass(frozen=True)
class View:
    """A pipeline with a name, kept as its text; it is bound again at each use. `signature` are its parameters in brackets,
    empty where it has none."""

    name: str
    definition: str
    doc: str = ""
    signature: str = ""

    @property
    def usage(self) -> str:
        """How the view is called: its name, with its parameters in brackets where it has any."""
        return self.name + self.signature

    @property
    def as_let(self) -> str:
        """The let that is the same pipeline."""
        return f"let {format_name(self.name)}{self.signature} = {self.definition}"


@dataclass(frozen=True)
class Catalog:
    """All collections and views of a store. `last_collection_id` is the highest id given, that of a dropped one too;
    `history` how long the history of collections that say nothing is kept, None where the store says nothing either."""

    version: int = 0
    collections: Mapping[str, Collection] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    last_collection_id: int = 0
    history: HistoryBound | None = None

    @cached_property
    def collections_by_id(self) -> Mapping[int, Collection]:
        """The collections by their ids on disk. Read-only."""
        return MappingProxyType({c.id: c for c in self.collections.values()})

    @property
    def next_collection_id(self) -> int:
        """The id that the next collection gets: above all ids ever given, those of dropped collections too."""
        return max([self.last_collection_id, *self.collections_by_id]) + 1

    def history_of(self, collection: Collection) -> HistoryBound:
        """How long what was replaced or deleted in a collection is kept."""
        return collection.history or self.history or HISTORY_DEFAULT

    def with_collection(self, collection: Collection) -> Catalog:
        """The next version, with the collection added or replaced by name."""
        return replace(self, version=self.version + 1, collections={**self.collections, collection.name: collection})

    def without_collection(self, name: str) -> Catalog:
        """The next version, without the collection; its id is never given again."""
        left = {n: c for n, c in self.collections.items() if n != name}
        return replace(self, version=self.version + 1, collections=left, last_collection_id=self.next_collection_id - 1)

    def with_history(self, bound: HistoryBound | None) -> Catalog:
        """The next version, with the store's own bound of history."""
        return replace(self, version=self.version + 1, history=bound)

    def with_view(self, view: View) -> Catalog:
        """The next version, with the view added or replaced by name."""
        return replace(self, version=self.version + 1, views={**self.views, view.name: view})

    def without_view(self, name: str) -> Catalog:
        """The next version, without the view; the same views where there is none of this name."""
        return replace(self, version=self.version + 1, views={n: v for n, v in self.views.items() if n != name})


def type_to_json(type_: Type) -> dict[str, Any]:
    """A type as JSON: `kind`, and only where set `item`, `name` and `size` (the dimensions of a vector)."""
    data: dict[str, Any] = {"kind": str(type_.kind)}
    if type_.item:
        data["item"] = type_to_json(type_.item)
    if type_.name is not None:
        data["name"] = type_.name
    if type_.dimensions is not None:
        data["size"] = type_.dimensions
    return data


def type_from_json(data: Mapping[str, Any]) -> Type:
    """The inverse of `type_to_json`. Raises KeyError or ValueError on data that it did not write."""
    item = type_from_json(data["item"]) if "item" in data else None
    return Type(TypeKind(data["kind"]), item, data.get("name"), data.get("size"))


def _field_to_json(f: Field) -> dict[str, Any]:
    return {
        "id": f.id, "name": f.name, "type": type_to_json(f.type), "required": f.required, "default": f.default,
        "sources": list(f.source_fields), "model": f.embedding_model, "doc": f.doc, "unique": f.unique,
        "computed": f.computed,
    }  # fmt: skip


# What an attribute is called on disk and on the wire, where that is another name.
_ATTRIBUTES = {
    "sources": "source_fields", "model": "embedding_model", "field_ids_given": "last_field_id", "text": "definition",
    "keep": "time_to_live",
}  # fmt: skip


def _attributes(data: Mapping[str, Any], **decoded: Any) -> dict[str, Any]:
    return {_ATTRIBUTES.get(name, name): decoded.get(name, value) for name, value in data.items()}


def _field_from_json(data: Mapping[str, Any]) -> Field:
    return Field(**_attributes(data, type=type_from_json(data["type"]), sources=tuple(data["sources"])))


def catalog_to_json(catalog: Catalog) -> dict[str, Any]:
    """The catalog as JSON values, as it is kept on disk and sent on the wire; the names of keys are part of both
    formats."""
    return {
        "version": catalog.version,
        "collections": [
            {
                "id": c.id,
                "name": c.name,
                "key": c.key,
                "doc": c.doc,
                "fields": [_field_to_json(f) for f in c.fields],
                "field_ids_given": c.last_field_id,
                **_retention_to_json(c),
            }
            for c in catalog.collections.values()
        ],
        "views": [
            {"name": v.name, "text": v.definition, "doc": v.doc, "signature": v.signature}
            for v in catalog.views.values()
        ],
        "collection_ids_given": catalog.last_collection_id,
        # left out as by those who knew no bound of history, since the digest of their snapshots is of these values
        **({} if catalog.history == HISTORY_ALL else {"history": catalog.history and catalog.history.text}),
    }


def catalog_from_json(data: Mapping[str, Any]) -> Catalog:
    """The inverse of `catalog_to_json`; reads catalogs without views, as early versions wrote them. One that knew no bound of
    history was of a store that kept all of it, and so it stays."""
    collections = {
        c["name"]: Collection(
            **_attributes(c, fields=tuple(_field_from_json(f) for f in c["fields"]), **_retention_from_json(c))
        )
        for c in data["collections"]
    }
    views = {v["name"]: View(**_attributes(v)) for v in data.get("views", ())}
    bound = data.get("history", HISTORY_ALL.text)
    return Catalog(
        data["version"], collections, views, data.get("collection_ids_given", 0), bound and history_from_text(bound)
    )


def _retention_to_json(collection: Collection) -> dict[str, Any]:
    """Only what is set."""
    found: dict[str, Any] = {}
    if collection.time_to_live is not None:
        found["keep"] = time_to_live_to_json(collection.time_to_live)
    if collection.history is not None:
        found["history"] = collection.history.text
    return found


def _retention_from_json(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "keep" in data:
        found["keep"] = time_to_live_from_json(data["keep"])
    if "history" in data:
        found["history"] = history_from_text(data["history"])
    return found
