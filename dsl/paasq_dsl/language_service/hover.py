"""Hover: what a word means in its context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paasq_dsl.binder.inlining import InlinePipeline
from paasq_dsl.bound import ColumnInfo
from paasq_dsl.catalog import SYSTEM_COLUMNS, Catalog, Collection, Field
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.language_service.cursor_context import CursorContext, cursor_context_at
from paasq_dsl.language_service.dotted_paths import enclosing_object, trailing_path
from paasq_dsl.language_service.expected_type import resolve_path
from paasq_dsl.language_service.keyword_docs import (
    KEYWORD_DOCS,
    MOMENT_DOCS,
    TYPE_DOCS,
)
from paasq_dsl.modules import NO_MODULES, ModuleProvider
from paasq_dsl.object_paths import nested_types
from paasq_dsl.source_text import Span
from paasq_dsl.stages import STAGE_BY_KEYWORD
from paasq_dsl.statements import STATEMENT_BY_KEYWORD
from paasq_dsl.syntax.completion_role import CompletionRole, innermost_stage
from paasq_dsl.syntax.lexer import Token, TokenKind, tokenize
from paasq_dsl.syntax.parser import statement_spans
from paasq_dsl.types import Type

_SYSTEM_DOCS = {
    "_key": "The key, whatever its field is called.",
    "_version": "1 at the first put, one more at each change.",
    "_seq": "The store's sequence number of the last change.",
    "_time": "When the last change was acknowledged.",
    "_confirmed": "When the record was last put, with other values or the same.",
    "_score": "How well the row matched; behind a retrieval stage.",
}
_KINDS = {
    FunctionKind.SCALAR: "function", FunctionKind.AGGREGATE: "aggregate", FunctionKind.WINDOW: "window function",
}  # fmt: skip
_FIELD_ROLES = frozenset(
    {
        CompletionRole.EXPRESSION,
        CompletionRole.WINDOW_EXPRESSION,
        CompletionRole.AGGREGATE,
        CompletionRole.TEXT_FIELD,
        CompletionRole.VECTOR_FIELD,
        CompletionRole.LINK_FIELD,
        CompletionRole.LINKED,
        CompletionRole.PATH_SEGMENT,
        CompletionRole.COLUMN,
        CompletionRole.LIST_COLUMN,
    }
)


@dataclass(frozen=True, slots=True)
class Hover:
    """`span` is the word that `markdown` is about."""

    span: Span
    markdown: str


def hover(text: str, offset: int, catalog: Catalog, modules: ModuleProvider = NO_MODULES) -> Hover | None:
    """What the word at `offset` means; None where there is nothing to say. Never raises."""
    found = word_at(text, offset)
    if found is None:
        return None
    token, behind = found
    place = cursor_context_at(text, token.start, catalog, modules)
    if place is None:
        return None
    said = _meaning(place, token, behind)
    return Hover(token.span, said) if said else None


def word_at(text: str, offset: int) -> tuple[Token, Token | None] | None:
    """The word that the offset touches, and the token after it."""
    statement = next((s for s in statement_spans(text) if s.start <= offset <= s.end), None)
    if statement is None:
        return None
    tokens = [t for t in tokenize(text[statement.start : statement.end]) if t.kind is not TokenKind.SPACE]
    kinds = {TokenKind.NAME, TokenKind.PARAM, TokenKind.TIME, TokenKind.REF}
    for i, token in enumerate(tokens):
        if token.kind in kinds and token.start <= offset - statement.start <= token.end:
            behind = tokens[i + 1] if i + 1 < len(tokens) else None
            return Token(token.kind, token.text, token.start + statement.start), behind
    return None


def _meaning(place: CursorContext, token: Token, behind: Token | None) -> str | None:
    match token.kind:
        case TokenKind.PARAM:
            return _parameter(place, token.text[1:])
        case TokenKind.TIME:
            doc = MOMENT_DOCS.get(token.text[1:])
            return doc and _entry(token.text, "time", doc)
        case TokenKind.REF:
            return _collection(place, token.text.partition(":")[0])
        case _:
            return _name(place, token.text.strip("`"), behind)


def _name(place: CursorContext, name: str, behind: Token | None) -> str | None:
    following = behind.text if behind else ""
    if following == "." and (said := _module(place, name)):
        return said
    if place.role in {CompletionRole.SOURCE, CompletionRole.MEMBER} and (
        said := _source(place, f"{place.module_qualifier}{name}")
    ):
        return said
    if (
        following == "("
        and place.accepts_value
        and (own := place.bind_result.functions.get(f"{place.module_qualifier}{name}"))
    ):
        return _entry(own.usage, "function", f"{own.doc}\n\n{_from_module(place, own.name)}".strip())
    if following == "(" and place.accepts_value and (function := FUNCTIONS.get(name)):
        return _entry(function.usage, _KINDS[function.kind], function.doc, function.example)
    if following == "=" and place.role in {
        CompletionRole.EXPRESSION,
        CompletionRole.WINDOW_EXPRESSION,
        CompletionRole.AGGREGATE,
    }:
        return None  # a new column
    by_role: dict[CompletionRole, Callable[[CursorContext, str], str | None]] = {
        CompletionRole.STATEMENT: _statement,
        CompletionRole.WRITE: _statement,
        CompletionRole.STAGE: _stage,
        CompletionRole.VIEW: _view,
        CompletionRole.COLLECTION: _collection,
        CompletionRole.NEW_NAME: _named,
        CompletionRole.TYPE: _type,
        CompletionRole.METHOD: _method,
        CompletionRole.OPTION: _option,
        CompletionRole.LIMIT: _limit,
        CompletionRole.FIELD: _written,
        CompletionRole.VECTOR_SOURCE: _declared,
    }
    if place.role in by_role and (said := by_role[place.role](place, name)):
        return said
    if place.role in _FIELD_ROLES and place.accepts_value and (said := _column(place, name)):
        return said
    doc = KEYWORD_DOCS.get(name)
    return doc and _entry(name, "keyword", doc)


def _entry(title: str, kind: str, doc: str, example: str = "") -> str:
    parts = [f"`{title}` {kind}".rstrip(), doc]
    if example:
        parts.append(f"```paasq\n{example}\n```")
    return "\n\n".join(p for p in parts if p)


def _statement(_: CursorContext, word: str) -> str | None:
    found = STATEMENT_BY_KEYWORD.get(word)
    return _entry(found.synopsis, "statement", found.doc) if found else None


def _stage(_: CursorContext, word: str) -> str | None:
    spec = STAGE_BY_KEYWORD.get(word)
    return _entry(spec.synopsis, "stage", spec.doc, spec.example) if spec else None


def _source(place: CursorContext, name: str) -> str | None:
    let = place.bind_result.lets.get(name)
    return _let(place, let) if let else _view(place, name) or _collection(place, name)


def _view(place: CursorContext, name: str) -> str | None:
    found = place.catalog.views.get(name)
    return (
        _entry(f"view {found.usage}", "", f"{found.doc}\n\n```paasq\n{found.definition}\n```".strip())
        if found
        else None
    )


def _named(place: CursorContext, name: str) -> str | None:
    return _collection(place, name) or _view(place, name) or _stage(place, name)


def _let(place: CursorContext, let: InlinePipeline) -> str:
    columns = "\n".join(f"- `{c.name}` {c.type}" for c in let.stages[-1].schema.visible_columns)
    parts = (let.doc, columns, _from_module(place, let.name))
    return _entry(f"{let.keyword} {let.usage}", "pipeline", "\n\n".join(part for part in parts if part))


def _from_module(place: CursorContext, name: str) -> str:
    path = place.module_aliases.get(name.partition(".")[0])
    return f"From `{path}`." if path and "." in name else ""


def _module(place: CursorContext, alias: str) -> str | None:
    """What is in it."""
    path = place.module_aliases.get(alias.lstrip("$"))
    if path is None:
        return None
    usages = [
        *(each.usage for each in place.bind_result.lets.values()),
        *(each.usage for each in place.bind_result.functions.values()),
    ]
    members = (f"- `{usage}`" for usage in usages if usage.startswith(f"{alias}."))
    return _entry(alias, "module", "\n".join([f"From `{path}`.", "", *members]))


def _collection(place: CursorContext, name: str) -> str | None:
    found = place.catalog.collections.get(name)
    if found is None:
        return None
    fields = "\n".join(_field_line(found, f) for f in found.fields)
    return _entry(f"collection {name}", "", f"{found.doc}\n\n{fields}".strip())


def _field_line(collection: Collection, field: Field) -> str:
    doc = f": {field.doc}" if field.doc else ""
    return f"- `{field.name}` {field.type}{' key' if field.name == collection.key else ''}{doc}"


def _type(_: CursorContext, name: str) -> str | None:
    doc = TYPE_DOCS.get(name)
    return doc and _entry(name, "type", doc)


def _method(place: CursorContext, name: str) -> str | None:
    stage = STAGE_BY_KEYWORD[place.preceding_words[0]]
    return _entry(f"{stage.keyword} {name}", "method", stage.methods[name].doc) if name in stage.methods else None


def _limit(place: CursorContext, name: str) -> str | None:
    doc = STAGE_BY_KEYWORD[place.preceding_words[0]].options.get(name)
    return doc and _entry(name, "limit", doc)


def _option(place: CursorContext, name: str) -> str | None:
    doc = STAGE_BY_KEYWORD[innermost_stage(place.preceding_words)[0]].options.get(name)
    return doc and _entry(name, "option", doc)


def _parameter(place: CursorContext, name: str) -> str:
    if (own := place.own_parameters.get(name)) is not None:
        return _entry(
            own.declaration_text, "parameter", "Of this pipeline: its value is written where the pipeline is used."
        )
    declared = place.bind_result.parameters.get(name)
    if declared is None:
        return _entry(f"${name}", "parameter", "Not declared: it takes the type of what it stands beside.")
    title = f"${name}: {declared.type}"
    return _entry(title, "parameter", declared.doc or ("Has a default." if declared.default else "Must be given."))


def _written(place: CursorContext, name: str) -> str | None:
    path = enclosing_object(place.preceding_words)
    name = f"{path}.{name}" if path else name
    field = place.write_target.fields_by_name.get(name) if place.write_target else None
    if field is not None:
        return _of(place.write_target, name, field.type)
    return _object(name, place.write_target.fields_by_object.get(name, ())) if place.write_target else None


def _object(path: str, members: Sequence[Field | ColumnInfo]) -> str | None:
    shown = nested_types((member.name, member.type, path) for member in members)
    return _entry(f"{path}: {shown[path]}", "object", "") if shown else None


def _declared(place: CursorContext, name: str) -> str | None:
    return (
        _entry(name, "field", "One of the fields that the vector is computed from.")
        if name in place.preceding_words
        else None
    )


def _column(place: CursorContext, name: str) -> str | None:
    words: Sequence[str] = (*place.preceding_words, name)
    subject = resolve_path(place, words)
    if subject is None:
        path = trailing_path(words)
        return _object(path, place.schema.members(path))
    shown = trailing_path(words) if "->" not in words else subject.name
    return _of(subject.collection, subject.name, subject.type, shown=None if subject.collection is None else shown)


def _of(collection: Collection | None, name: str, type_: Type, shown: str | None = None) -> str:
    """`shown` is what a field is called at this place."""
    if name in SYSTEM_COLUMNS:
        return _entry(f"{name}: {type_}", "kept by the store", _SYSTEM_DOCS[name])
    if collection is None:
        return _entry(f"{name}: {type_}", "column", "")
    field = collection.fields_by_name[name]
    parts = [field.doc]
    if name == collection.key:
        parts.append("The key.")
    elif field.required:
        parts.append("Required.")
    if field.unique:
        parts.append("Unique.")
    if field.source_fields:
        parts.append(f"Computed from {', '.join(field.source_fields)}.")
    if field.computed is not None:
        parts.append(f"Computed: `{field.computed}`.")
    kind = f"field of `{collection.name}`" if shown in {name, None} else f"field `{name}` of `{collection.name}`"
    return _entry(f"{shown or name}: {type_}", kind, " ".join(p for p in parts if p))
