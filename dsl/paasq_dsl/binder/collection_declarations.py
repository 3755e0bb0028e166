"""Collection declarations to collections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from paasq_dsl.binder.computed_fields import check_computed
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.binder.retention import bind_settings
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import BoundCreateCollection, BoundExpression, Constant, FunctionCall
from paasq_dsl.catalog import KEY_FIELD_DEFAULT, Collection, Field
from paasq_dsl.diagnostics import Fix
from paasq_dsl.object_paths import ancestor_paths, is_descendant_path
from paasq_dsl.schema.differences import (
    Risk,
    collection_changes,
    describe_differences,
    same_declaration,
    with_docs,
)
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.dialects.vocabulary import DECIMAL_TYPES, DIALECT_TYPES
from paasq_dsl.syntax.format.unparse import unparse
from paasq_dsl.text_languages import LANGUAGES
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.types import ANY, BYTES, KEYWORD, STRING_KINDS, Type, TypeKind, link_to, list_of, text_in, vector_of
from paasq_dsl.values import Duration, Value

_PLAIN = {
    "keyword": KEYWORD, "string": KEYWORD, "text": text_in(None), "int": Type(TypeKind.INT), "float": Type(TypeKind.FLOAT),
    "bool": Type(TypeKind.BOOL), "time": Type(TypeKind.TIME), "duration": Type(TypeKind.DURATION), "bytes": BYTES,
}  # fmt: skip
_NAMES = (*(k for k in _PLAIN if k != "string"), "link", "vector")
_ITEM_KINDS = frozenset(
    {
        TypeKind.KEYWORD,
        TypeKind.TEXT,
        TypeKind.INT,
        TypeKind.FLOAT,
        TypeKind.BOOL,
        TypeKind.TIME,
        TypeKind.LINK,
        TypeKind.ANY,
    }
)
_WITH_ARGUMENT = {"link": "link<collection>", "vector": "vector(auto) from fields, or vector(384)"}
VECTOR_SIZE_MAX = 4096
_UNIQUE_KINDS = frozenset({TypeKind.KEYWORD, TypeKind.INT, TypeKind.TIME, TypeKind.LINK, TypeKind.ANY})


def bind_type(context: BindContext, node: tree.TypeExpression) -> Type:
    """The type that is written; `any` where it is none, which is reported (PQ0304, PQ0313, PQ0616, or an unknown
    name)."""
    if node.name == "{}":
        better = "declare a parameter for each value that is in it, or none: what is put is checked against its fields"
        context.report("PQ0616", node.span, better=better)
        return ANY
    if node.item is not None and node.item.name == "{}":
        context.report("PQ0313", node.item.span)
        return list_of(ANY)
    if node.item is not None:
        item = bind_type(context, node.item)
        if item.kind not in _ITEM_KINDS:
            context.report(
                "PQ0304", node.span, what="an item of a list", expected="a single value", found=with_article(item)
            )
        return list_of(item)
    name_span = Span(node.span.start, node.span.start + len(node.name))
    if node.argument is None:
        if node.name in _WITH_ARGUMENT:
            context.report("PQ0212", name_span, name=node.name, expected=f"is written {_WITH_ARGUMENT[node.name]}")
        elif node.name not in _PLAIN:
            _unknown_type(context, node, name_span)
        return _PLAIN.get(node.name, ANY)
    argument_span = Span(node.span.end - 1 - len(node.argument), node.span.end - 1)
    match node.name:
        case "text" if node.argument in LANGUAGES:
            return text_in(node.argument)
        case "text":
            context.report_unknown("PQ0607", argument_span, node.argument, LANGUAGES)
        case "link":
            return link_to(node.argument)
        case "vector" if node.argument == "auto":
            return vector_of(None)
        case "vector" if node.argument.isdigit() and 0 < int(node.argument[:9]) <= VECTOR_SIZE_MAX:
            return vector_of(int(node.argument))
        case "vector":
            context.report(
                "PQ0406", argument_span, name=node.argument, expected=f"auto or a size from 1 to {VECTOR_SIZE_MAX}"
            )
        case _ if node.name in _PLAIN:
            context.report("PQ0212", node.span, name=node.name, expected="takes nothing in brackets")
        case "list" | "array" | "set":
            better = f"[{node.argument}]"
            edit = Fix(node.span, better, f"write {better}")
            context.report("PQ0204", name_span, name=node.name, candidates=(better,), fix=edit)
        case _:
            _unknown_type(context, node, name_span)
    return ANY


def _unknown_type(context: BindContext, node: tree.TypeExpression, name_span: Span) -> None:
    """What another type stands for takes the place of its brackets too."""
    name = node.name
    if name.lower() in DECIMAL_TYPES:
        edit = Fix(node.span, "int", "write int")
        context.report("PQ0613", node.span, name=name, candidates=("int", "float"), fix=edit)
    else:
        link = f"link<{name}>" if name in context.catalog.collections else None
        better = link or DIALECT_TYPES.get(name.lower())
        context.report_unknown("PQ0204", node.span if better else name_span, name, _NAMES, equivalent=better)


def bind_collection(
    context: BindContext, node: tree.CollectionDeclaration, doc: str, statement: Span
) -> BoundCreateCollection:
    """Ids are counted from 1 in the order of the fields; the store keeps those of a collection that exists.

    `statement` is what a mend replaces, relative to the fragment.
    """
    fields: dict[str, Field] = {}
    objects: set[str] = set()  # the paths that fields are in
    keys = [f for f in node.fields if f.is_key]
    for extra in keys[1:]:
        context.report("PQ0602", extra.span, name=node.name)
    for declared in node.fields:
        for field in bind_fields(context, declared, len(fields) + 1):
            around = tuple(ancestor_paths(field.name))
            if field.name in fields or field.name in objects or not fields.keys().isdisjoint(around):
                name = field.name if field.name in fields else declared.name
                context.report("PQ0205", declared.span, name=name)
            fields[field.name] = field
            objects.update(around)
    for declared in node.fields:
        check_vector_sources(context, declared, fields)
        check_computed(context, declared, fields)
    key = keys[0].name if keys else KEY_FIELD_DEFAULT
    if not keys:
        fields = {key: Field(len(fields) + 1, key, KEYWORD), **fields}
    kept = bind_settings(context, node.settings, fields, "this collection")
    collection = Collection(
        0, node.name, tuple(fields.values()), key, doc, time_to_live=kept.time_to_live, history=kept.history
    )
    if node.name.startswith("_"):
        context.report("PQ0604", node.span)
    if node.name in context.catalog.views:
        context.report("PQ0207", Span(node.span.start, node.span.start + len(node.name)), name=node.name)
    known = context.catalog.collections.get(node.name)
    if known is None:
        context.catalog = context.catalog.with_collection(collection)
    elif not same_declaration(known, collection):
        if not any(f.type == ANY for f in fields.values()):
            _report_other_fields(context, node, known, collection, statement)
        collection = known
    elif (collection := with_docs(known, collection)) != known:
        context.catalog = context.catalog.with_collection(collection)
    return BoundCreateCollection(collection, context.absolute_span(node.span))


def _report_other_fields(
    context: BindContext, node: tree.CollectionDeclaration, known: Collection, declared: Collection, statement: Span
) -> None:
    changes = collection_changes(known, declared)
    edit = None
    if not any(change.risk is Risk.IMPOSSIBLE for change in changes):
        text = ";\n".join(change.text.removesuffix(";") for change in changes)
        loss = ", which loses data" if any(change.risk is Risk.LOSES for change in changes) else ""
        statements = (
            "; ".join(c.statement for c in changes)
            if len(changes) == 1
            else f"the {len(changes)} statements that change it"
        )
        title = f"write {statements}{loss}"
        edit = Fix(statement, text, title)
    context.report("PQ0605", node.span, name=node.name, differences=describe_differences(known, declared), fix=edit)


def has_path_conflict(names: Iterable[str], name: str) -> bool:
    """Would a field be an object and hold a value, were there one of this name too?"""
    return any(is_descendant_path(other, name) or is_descendant_path(name, other) for other in names)


def bind_fields(context: BindContext, node: tree.FieldDeclaration, number: int, inside: str = "") -> list[Field]:
    """The field, or those in the object that it is; numbered from `number` on. `inside` precedes their names."""
    node = replace(node, name=inside + node.name)
    if node.type.name != "{}":
        return [_bind_field(context, node, number)]
    made = bool(node.sources) or node.computed is not None
    rules = {"the key": node.is_key, "required": node.required, "unique": node.unique, "computed": made}
    if rule := next((rule for rule, is_given in rules.items() if is_given), None):
        context.report("PQ0614", node.span, rule=rule)
    if node.default is not None:
        context.report("PQ0614", node.span, rule="given a default")
    if not node.type.fields:
        context.report("PQ0615", node.type.span)
    found: list[Field] = []
    for member in node.type.fields:
        documented = replace(member, doc=member.doc or node.doc)
        found += bind_fields(context, documented, number + len(found), f"{node.name}.")
    return found


def _bind_field(context: BindContext, node: tree.FieldDeclaration, number: int) -> Field:
    type_ = bind_type(context, node.type)
    if any(part.startswith("_") for part in node.name.split(".")):
        context.report("PQ0604", node.span)
    if node.is_key and type_.kind not in {TypeKind.KEYWORD, TypeKind.ANY}:
        plain = node.type.argument is None and node.type.item is None
        edit = Fix(node.type.span, "keyword", "write keyword") if plain else None
        context.report("PQ0603", node.type.span, type=with_article(type_), fix=edit)
    if type_.kind is TypeKind.VECTOR and type_.dimensions is None and not node.sources:
        context.report("PQ0608", node.type.span)
    if node.sources and type_.kind is not TypeKind.VECTOR:
        context.report("PQ0619", node.span)
    default = None
    if node.default is not None:
        unlifted = replace(context, literal_slots={}, zone=DEFAULT_ZONE)  # a default outlives the text that declares it
        bound = bind_scalar(unlifted, node.default, type_, f"the default of {node.name}")
        default = _literal_value(bound)
        if default is None and not isinstance(bound, Constant):
            context.report("PQ0406", node.default.span, name="this default", expected="a literal")
    if isinstance(default, int) and not isinstance(default, bool) and type_.kind is TypeKind.FLOAT:
        default = float(default)
    sources = tuple(s.name for s in node.sources)
    if node.unique and type_.kind not in _UNIQUE_KINDS:
        context.report("PQ0612", node.type.span, name=node.name, type=with_article(type_))
    required = node.required or node.is_key
    computed = unparse(node.computed) if node.computed else None
    return Field(number, node.name, type_, required, default, sources, None, node.doc, node.unique, computed)


def _literal_value(bound: BoundExpression) -> Value:
    """The value of a literal, one with a minus before it too; None where it is none."""
    if isinstance(bound, Constant):
        return bound.value
    if not (
        isinstance(bound, FunctionCall) and bound.function == "negate" and isinstance(bound.arguments[0], Constant)
    ):
        return None
    match bound.arguments[0].value:
        case bool():
            return None
        case int() | float() as number:
            return -number
        case Duration(months, micros):
            return Duration(-months, -micros)
        case _:
            return None


def check_vector_sources(context: BindContext, node: tree.FieldDeclaration, fields: dict[str, Field]) -> None:
    """Reports the `from` fields of a vector, also of members of an object, that do not exist (PQ0202) or hold no
    strings (PQ0606)."""
    for member in node.type.fields:
        check_vector_sources(context, member, fields)
    for source in node.sources:
        found = fields.get(source.name)
        if found is None:
            context.report_unknown("PQ0202", source.span, source.name, fields, where="this collection")
        elif found.type.kind not in STRING_KINDS | {TypeKind.ANY}:
            context.report("PQ0606", source.span, name=source.name, type=with_article(found.type))


def coerce_default(value: Value, type_: Type) -> Value:
    """A default as one of another type, without loss; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if type_.kind in {TypeKind.KEYWORD, TypeKind.TEXT}:
        return str(value)
    if isinstance(value, str) or type_.kind not in {TypeKind.INT, TypeKind.FLOAT}:
        return None
    found = float(value) if type_.kind is TypeKind.FLOAT else int(value)
    return found if found == value else None
