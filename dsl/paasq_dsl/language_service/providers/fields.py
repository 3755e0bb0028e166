"""Fields and other columns; those that the store keeps come last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from paasq_dsl.bound import ColumnInfo
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.language_service.completion_item import BETTER, RANK_SYSTEM, RANKS, WORSE, CompletionItem, CompletionKind
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.language_service.dotted_paths import child_paths, enclosing_object, trailing_path
from paasq_dsl.language_service.expected_type import expected_type, link_target, resolve_path
from paasq_dsl.syntax.completion_role import CompletionRole, current_write, innermost_open_bracket
from paasq_dsl.syntax.lexer import format_path
from paasq_dsl.types import ANY, Type, TypeKind, list_of

_KINDS = {
    CompletionRole.TEXT_FIELD: frozenset({TypeKind.TEXT}),
    CompletionRole.VECTOR_FIELD: frozenset({TypeKind.VECTOR}),
    CompletionRole.LINK_FIELD: frozenset({TypeKind.LINK}),
}
_KIND_NAMES = frozenset(map(str, TypeKind))


def provide(place: CursorContext, _: FieldValues) -> Iterable[CompletionItem]:
    """Columns and fields for roles that take one, those that fit the expected type first."""
    if place.quoted or not place.accepts_value:
        return ()
    match place.role:
        case CompletionRole.EXPRESSION | CompletionRole.WINDOW_EXPRESSION | CompletionRole.COLUMN:
            return _columns(place)
        case CompletionRole.LIST_COLUMN:
            return (_completion(place, c.name, c.type, _detail(c)) for c in place.schema.columns if c.type.item)
        case CompletionRole.TEXT_FIELD | CompletionRole.VECTOR_FIELD | CompletionRole.LINK_FIELD:
            return _searchable(place, _KINDS[place.role])
        case CompletionRole.FIELD:
            return _assignable(place)
        case CompletionRole.VECTOR_SOURCE:
            return _declared(place)
        case CompletionRole.TIME_FIELD:
            return _times(place)
        case CompletionRole.COMPUTED_FIELD:
            return _computable(place)
        case CompletionRole.LINKED:
            target = link_target(place.catalog, resolve_path(place, place.preceding_words[:-1]))
            return (_field(place, target, name, type_) for name, type_ in _all(target)) if target else ()
        case CompletionRole.PATH_SEGMENT:
            return _parts(place)
        case _:
            return ()


def _columns(place: CursorContext) -> Iterator[CompletionItem]:
    wanted = expected_type(place)
    objects = dict.fromkeys(c.object_path for c in place.schema.columns if c.object_path and "." not in c.object_path)
    yield from (_object(place, name) for name in objects)
    for column in place.schema.columns:
        if "." not in column.name and not (column.hidden and place.preceding_words[0] == "drop"):
            yield _completion(place, column.name, column.type, _detail(column), better=column.type == wanted)


def _detail(column: ColumnInfo) -> str:
    if column.name in SYSTEM_COLUMNS:
        return f"{column.type}, kept by the store"
    if column.origin is None:
        return str(column.type)
    own = column.name.rpartition(".")[2] == column.origin.field
    return f"{column.type} of {column.origin.collection}{'' if own else f'.{column.origin.field}'}"


def _searchable(place: CursorContext, kinds: frozenset[TypeKind]) -> Iterator[CompletionItem]:
    collection = place.schema.collection
    for field in collection.fields if collection else ():
        item = field.type.item if field.type.kind is TypeKind.LIST else field.type
        if item and item.kind in kinds and (field.type.kind in kinds or TypeKind.LINK in kinds):
            assert collection is not None
            yield _field(place, collection, field.name, field.type)


def _assignable(place: CursorContext) -> Iterator[CompletionItem]:
    """Fields that a record is not given yet, and that are not computed."""
    target = place.write_target
    if target is None:
        return
    words = current_write(place.preceding_words)
    path, given = enclosing_object(words), set(words[max(innermost_open_bracket(words), 0) :])
    sets = words[0] == "patch" or "set" in words[1:4]
    behind = " = " if sets and not path else ": "
    left = [f for f in target.fields if not f.is_generated and not (sets and f.name == target.key)]
    for name, type_ in child_paths(((f.name, f.type) for f in left), path):
        if name in given:
            continue
        if type_ is None:
            yield _object(place, name, behind + "{")
            continue
        field = target.fields_by_name[f"{path}.{name}" if path else name]
        detail = f"{type_}{', required' if field.required else ''}"
        yield _completion(place, name, type_, detail, better=field.required, behind=behind, doc=field.doc)


def _declared(place: CursorContext) -> Iterator[CompletionItem]:
    """Text and keyword fields above the vector that is to be computed from them; of an alter the collection's own."""
    words = place.preceding_words
    if words[0] == "alter" and place.write_target is not None:
        for field in place.write_target.fields:
            if words[-1] == "field" or str(field.type.kind) in {"text", "keyword"}:
                yield _completion(place, field.name, field.type, str(field.type))
    for name, type_ in _above(words):
        if type_.kind in {TypeKind.TEXT, TypeKind.KEYWORD} and name not in words[_last(words, "from") :]:
            yield _completion(place, name, type_, str(type_), better=type_.kind is TypeKind.TEXT)


def _times(place: CursorContext) -> Iterator[CompletionItem]:
    """What a record's age may be counted from."""
    own = [(f.name, f.type) for f in place.write_target.fields] if place.write_target else []
    for name, type_ in (*own, *_above(place.preceding_words), *SYSTEM_COLUMNS.items()):
        if type_.kind is TypeKind.TIME:
            yield _completion(place, name, type_, str(type_))


def _computable(place: CursorContext) -> Iterator[CompletionItem]:
    """What a field that is being declared may be computed from: fields above it; of an alter the collection's own."""
    words = place.preceding_words
    known = [(f.name, f.type) for f in place.write_target.fields] if words[0] == "alter" and place.write_target else []
    known += _above(words[: max(_last(words, ":") - 1, 0)])
    yield from _below(place, ((name, type_) for name, type_ in known if type_.kind is not TypeKind.VECTOR), "")


def _above(words: Sequence[str]) -> Iterator[tuple[str, Type]]:
    """The fields that these words declare, by their whole names."""
    for i, (member, colon, word) in enumerate(zip(words, words[1:], words[2:], strict=False)):
        if colon == ":" and word != "{":
            path, name = enclosing_object(words[:i]), member.strip("`")
            yield f"{path}.{name}" if path else name, _type(words[i + 2 : i + 4])


def _type(words: Sequence[str]) -> Type:
    """That which is declared by words that begin with these."""
    if words[0] == "[" and len(words) > 1:
        return list_of(_type(words[1:]))
    return Type(TypeKind(words[0])) if words[0] in _KIND_NAMES else ANY


def _last(words: tuple[str, ...], word: str) -> int:
    """Where a word stands last, -1 where it doesn't, as in a declaration that is half-written."""
    return next((at for at in range(len(words) - 1, -1, -1) if words[at] == word), -1)


def _parts(place: CursorContext) -> Iterator[CompletionItem]:
    """`text` after `_score.`, `city` after `address.`"""
    path = trailing_path(place.preceding_words[:-1])
    first = len(place.preceding_words) - 2 * len(path.split("."))
    if first > 0 and place.preceding_words[first - 1] == "->":
        target = link_target(place.catalog, resolve_path(place, place.preceding_words[: first - 1]))
        yield from _below(place, _all(target), path, f" of {target.name}") if target else ()
        return
    if place.preceding_words[:1] == ("lookup",) and (
        looked_up := place.catalog.collections.get(path.partition(".")[0])
    ):
        yield from _below(place, _all(looked_up), path.partition(".")[2], f" of {looked_up.name}")
    if place.preceding_words[:1] == ("collection",):
        yield from _below(place, _above(place.preceding_words[: _last(place.preceding_words, ":") - 1]), path)
    yield from _below(place, ((c.name, c.type) for c in place.schema.columns), path)


def _below(
    place: CursorContext, fields: Iterable[tuple[str, Type]], path: str, of: str = ""
) -> Iterator[CompletionItem]:
    for name, type_ in child_paths(fields, path):
        yield _object(place, name) if type_ is None else _completion(place, name, type_, f"{type_}{of}")


def _object(place: CursorContext, name: str, behind: str = "") -> CompletionItem:
    kind = CompletionKind.FIELD
    return CompletionItem(name, format_path(name) + behind, kind, "object", "", place.replace_span, RANKS[kind])


def _all(collection: Collection) -> Iterator[tuple[str, Type]]:
    yield from ((f.name, f.type) for f in collection.fields)
    yield from ((name, type_) for name, type_ in SYSTEM_COLUMNS.items() if name != "_score")


def _field(place: CursorContext, collection: Collection, name: str, type_: Type) -> CompletionItem:
    return _completion(place, name, type_, f"{type_} of {collection.name}")


def _completion(
    place: CursorContext, name: str, type_: Type, detail: str, *, better: bool = False, behind: str = "", doc: str = ""
) -> CompletionItem:
    kind = CompletionKind.FIELD
    rank = RANK_SYSTEM if name in SYSTEM_COLUMNS else RANKS[kind]
    rank += (
        WORSE
        if type_.kind is TypeKind.VECTOR and place.role in {CompletionRole.EXPRESSION, CompletionRole.WINDOW_EXPRESSION}
        else 0
    )
    collection = place.schema.collection or place.write_target
    field = collection.fields_by_name.get(name) if collection else None
    doc = doc or (field.doc if field and field.type == type_ else "")
    return CompletionItem(
        name, format_path(name) + behind, kind, detail, doc, place.replace_span, rank + (BETTER if better else 0)
    )
