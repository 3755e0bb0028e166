"""A schema in few words, for a language model: as much of it as there is room for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from paasq_dsl.catalog import Catalog, Collection, Field, View
from paasq_dsl.schema.declaration_text import type_text
from paasq_dsl.syntax.lexer import format_path

_DOC_CHARACTERS_MAX = 200


def schema_summary(catalog: Catalog, characters_max: int) -> str:
    """A paragraph for each collection: its doc, its fields with their types, and the docs of these; then the views. The same
    for the same catalog.

    Where that is longer than `characters_max`, the docs of fields are left out first, then types, then fields, and in the
    end collections too; a line says so.
    """
    views = "\n".join(map(_view, catalog.views.values()))
    for shown in (_documented, _typed, _named):
        text = "\n".join([*map(shown, catalog.collections.values()), *([views] if views else [])])
        if len(text) <= characters_max:
            return text
    return _names([*catalog.collections, *catalog.views], characters_max)


def fields_summary(collection: Collection) -> str:
    """The fields with their types in one line, the key first of all marked as such."""
    return ", ".join(_field(collection, each) for each in collection.fields)


def _documented(collection: Collection) -> str:
    docs = [f"  {format_path(f.name)}: {_short(f.doc)}" for f in collection.fields if f.doc]
    return "\n".join([_typed(collection), *docs])


def _typed(collection: Collection) -> str:
    return _paragraph(collection, fields_summary)


def _named(collection: Collection) -> str:
    return _paragraph(collection, lambda each: ", ".join(format_path(f.name) for f in each.fields))


def _paragraph(collection: Collection, fields: Callable[[Collection], str]) -> str:
    doc = f": {_short(collection.doc)}" if collection.doc else ""
    return f"{collection.name}{doc}\n  {fields(collection)}"


def _field(collection: Collection, field: Field) -> str:
    notes = [
        *(["key"] if field.name == collection.key else []),
        *(["required"] if field.is_mandatory and field.name != collection.key else []),
        *(["computed"] if field.computed is not None else []),
        *([f"from {', '.join(map(format_path, field.source_fields))}"] if field.source_fields else []),
    ]
    return " ".join([format_path(field.name), type_text(field), *notes])


def _view(view: View) -> str:
    return f"view {view.usage}{f': {_short(view.doc)}' if view.doc else ''}"


def _short(doc: str) -> str:
    words = " ".join(doc.split())
    return words if len(words) <= _DOC_CHARACTERS_MAX else f"{words[: _DOC_CHARACTERS_MAX - 1]}…"


def _names(names: Sequence[str], characters_max: int) -> str:
    rest = "`show collections` and `describe NAME` tell more."
    return "\n".join([", ".join(_fitting(names, characters_max - len(rest) - 1)), rest])


def _fitting(names: Sequence[str], characters_max: int) -> Iterator[str]:
    left = characters_max
    for name in names:
        left -= len(name) + len(", ")
        if left < len("…"):
            yield "…"
            return
        yield name
