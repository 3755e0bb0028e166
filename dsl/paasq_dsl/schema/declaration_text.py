"""What is in a catalog as the text that declares it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from paasq_dsl.catalog import KEY_FIELD_DEFAULT, Collection, Field, View
from paasq_dsl.retention import HistoryBound
from paasq_dsl.syntax.lexer import TokenKind, format_name, format_path, format_string, tokenize
from paasq_dsl.types import Type, TypeKind
from paasq_dsl.values import Duration, Value, format_time

_INDENT = "  "


def collection_text(collection: Collection) -> str:
    """The declaration of a collection, a field a line, the members of an object in it, docs before what they are of."""
    fields = [f for f in collection.fields if not (f.name == collection.key == KEY_FIELD_DEFAULT)]
    head = f"{doc_lines(collection.doc)}collection {format_name(collection.name)} {{"
    end = " ".join(["}", *settings_texts(collection)])
    return "\n".join([head, *_members(fields, collection.key, "", _INDENT), end]) if fields else head + end


def settings_texts(collection: Collection) -> list[str]:
    """How long it keeps what, each as it is written behind the fields; none where it says nothing."""
    return [str(setting) for setting in (collection.time_to_live, collection.history) if setting is not None]


def history_text(bound: HistoryBound | None) -> str:
    """The statement that gives the store its own bound of history, or none."""
    return "alter store drop history" if bound is None else f"alter store set {bound}"


def view_text(view: View) -> str:
    """The statement that keeps the view, its pipeline as it was written."""
    ends_in_comment = any(t.kind in {TokenKind.COMMENT, TokenKind.DOC} for t in tokenize(view.definition)[-1:])
    text = f"view {format_name(view.name)}{view.signature} = {view.definition}"
    return doc_lines(view.doc) + text + ("\n" if ends_in_comment else "")


def field_text(field: Field, *, key: bool = False, name: str | None = None) -> str:
    """The declaration of a field on one line, without its doc; `name` is what it is called within an object."""
    parts = [*(["key"] if key else []), f"{format_path(field.name if name is None else name)}: {type_text(field)}"]
    if field.required and not key:
        parts.append("required")
    if field.unique:
        parts.append("unique")
    if field.default is not None:
        parts.append(f"default {value_text(field.default, field.type)}")
    if field.source_fields:
        parts.append(f"from {', '.join(map(format_path, field.source_fields))}")
    if field.computed is not None:
        parts.append(f"= {field.computed}")
    return " ".join(parts)


def type_text(field: Field) -> str:
    """The type as it is declared: that of a vector which is made of text is `vector(auto)`."""
    return "vector(auto)" if field.source_fields else _type_text(field.type)


def value_text(value: Value, type_: Type) -> str:
    """A literal that means a value of this type."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Duration():
            return str(value)
        case int() if type_.kind is TypeKind.TIME:
            return f"@{format_time(value)}"
        case str():
            return format_string(value)
        case _:
            return repr(value)


def doc_lines(doc: str) -> str:
    """The `///` lines that give this doc, each with its newline."""
    return "".join(f"/// {line}".rstrip() + "\n" for line in doc.split("\n")) if doc else ""


def _members(fields: Sequence[Field], key: str, inside: str, indent: str) -> Iterator[str]:
    """The lines of fields that stand next to each other; `inside` precedes their names."""
    for first, run in groupby(fields, lambda f: f.name[len(inside) :].partition(".")[0]):
        together = list(run)
        if together[0].name != inside + first:
            yield f"{indent}{format_name(first)}: {{"
            yield from _members(together, key, f"{inside}{first}.", indent + _INDENT)
            yield indent + "}"
            continue
        for field in together:
            yield from (indent + line for line in doc_lines(field.doc).splitlines())
            yield indent + field_text(field, key=field.name == key, name=first)


def _type_text(type_: Type) -> str:
    match type_.kind:
        case TypeKind.LINK:
            return f"link<{format_name(type_.name or '')}>"
        case TypeKind.LIST if type_.item is not None:
            return f"[{_type_text(type_.item)}]"
        case _:
            return str(type_)
