"""Fields and other columns; those that the store keeps come last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from paasq_dsl.bound import ColumnInfo
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.language_service.completion_item import BETTER, RANK_SYSTEM, RANKS, WORSE, Completion, CompletionKind
from paasq_dsl.language_service.cursor_context import Place, Values
from paasq_dsl.language_service.dotted_paths import dotted, next_parts, object_around
from paasq_dsl.language_service.expected_type import linked, path_subject, wanted_type
from paasq_dsl.language_service.role import Role, current_write, innermost
from paasq_dsl.syntax.lexer import quote_path
from paasq_dsl.types import ANY, Kind, Type, list_of

_KINDS = {
    Role.TEXT_FIELD: frozenset({Kind.TEXT}),
    Role.VECTOR_FIELD: frozenset({Kind.VECTOR}),
    Role.LINK_FIELD: frozenset({Kind.LINK}),
}
_KIND_NAMES = frozenset(map(str, Kind))


def provide(place: Place, _: Values) -> Iterable[Completion]:
    if place.quoted or not place.wants_value:
        return ()
    match place.role:
        case Role.EXPRESSION | Role.COMPUTED | Role.COLUMN:
            return _columns(place)
        case Role.LIST_COLUMN:
            return (_completion(place, c.name, c.type, _detail(c)) for c in place.schema.columns if c.type.item)
        case Role.TEXT_FIELD | Role.VECTOR_FIELD | Role.LINK_FIELD:
            return _searchable(place, _KINDS[place.role])
        case Role.FIELD:
            return _assignable(place)
        case Role.DECLARED:
            return _declared(place)
        case Role.FORMULA:
            return _computable(place)
        case Role.LINKED:
            target = linked(place.catalog, path_subject(place, place.words[:-1]))
            return (_field(place, target, name, type_) for name, type_ in _all(target)) if target else ()
        case Role.PART:
            return _parts(place)
        case _:
            return ()


def _columns(place: Place) -> Iterator[Completion]:
    wanted = wanted_type(place)
    objects = dict.fromkeys(c.object for c in place.schema.columns if c.object and "." not in c.object)
    yield from (_object(place, name) for name in objects)
    for column in place.schema.columns:
        if "." not in column.name and not (column.hidden and place.words[0] == "drop"):
            yield _completion(place, column.name, column.type, _detail(column), better=column.type == wanted)


def _detail(column: ColumnInfo) -> str:
    if column.name in SYSTEM_COLUMNS:
        return f"{column.type}, kept by the store"
    if column.origin is None:
        return str(column.type)
    own = column.name.rpartition(".")[2] == column.origin.field
    return f"{column.type} of {column.origin.collection}{'' if own else f'.{column.origin.field}'}"


def _searchable(place: Place, kinds: frozenset[Kind]) -> Iterator[Completion]:
    collection = place.schema.collection
    for field in collection.fields if collection else ():
        item = field.type.item if field.type.kind is Kind.LIST else field.type
        if item and item.kind in kinds and (field.type.kind in kinds or Kind.LINK in kinds):
            assert collection is not None
            yield _field(place, collection, field.name, field.type)


def _assignable(place: Place) -> Iterator[Completion]:
    """Fields that a record is not given yet, and that are not computed."""
    target = place.target
    if target is None:
        return
    words = current_write(place.words)
    path, given = object_around(words), set(words[max(innermost(words), 0) :])
    sets = words[0] == "patch" or "set" in words[1:4]
    behind = " = " if sets and not path else ": "
    left = [f for f in target.fields if not f.made and not (sets and f.name == target.key)]
    for name, type_ in next_parts(((f.name, f.type) for f in left), path):
        if name in given:
            continue
        if type_ is None:
            yield _object(place, name, behind + "{")
            continue
        field = target.by_name[f"{path}.{name}" if path else name]
        detail = f"{type_}{', required' if field.required else ''}"
        yield _completion(place, name, type_, detail, better=field.required, behind=behind, doc=field.doc)


def _declared(place: Place) -> Iterator[Completion]:
    """Text and keyword fields above the vector that is to be computed from them; of an alter the collection's own."""
    words = place.words
    if words[0] == "alter" and place.target is not None:
        for field in place.target.fields:
            if words[-1] == "field" or str(field.type.kind) in {"text", "keyword"}:
                yield _completion(place, field.name, field.type, str(field.type))
    for name, type_ in _above(words):
        if type_.kind in {Kind.TEXT, Kind.KEYWORD} and name not in words[_last(words, "from") :]:
            yield _completion(place, name, type_, str(type_), better=type_.kind is Kind.TEXT)


def _computable(place: Place) -> Iterator[Completion]:
    """What a field that is being declared may be computed from: fields above it; of an alter the collection's own."""
    words = place.words
    known = [(f.name, f.type) for f in place.target.fields] if words[0] == "alter" and place.target else []
    known += _above(words[: _last(words, ":") - 1])
    yield from _below(place, ((name, type_) for name, type_ in known if type_.kind is not Kind.VECTOR), "")


def _above(words: Sequence[str]) -> Iterator[tuple[str, Type]]:
    """The fields that these words declare, by their whole names."""
    for i, (member, colon, word) in enumerate(zip(words, words[1:], words[2:], strict=False)):
        if colon == ":" and word != "{":
            path, name = object_around(words[:i]), member.strip("`")
            yield f"{path}.{name}" if path else name, _type(words[i + 2 : i + 4])


def _type(words: Sequence[str]) -> Type:
    """That which is declared by words that begin with these."""
    if words[0] == "[" and len(words) > 1:
        return list_of(_type(words[1:]))
    return Type(Kind(words[0])) if words[0] in _KIND_NAMES else ANY


def _last(words: tuple[str, ...], word: str) -> int:
    return len(words) - 1 - words[::-1].index(word)


def _parts(place: Place) -> Iterator[Completion]:
    """`text` behind `_score.`, `city` behind `address.`"""
    path = dotted(place.words[:-1])
    first = len(place.words) - 2 * len(path.split("."))
    if first > 0 and place.words[first - 1] == "->":
        target = linked(place.catalog, path_subject(place, place.words[: first - 1]))
        yield from _below(place, _all(target), path, f" of {target.name}") if target else ()
        return
    if place.words[:1] == ("lookup",) and (looked_up := place.catalog.collections.get(path.partition(".")[0])):
        yield from _below(place, _all(looked_up), path.partition(".")[2], f" of {looked_up.name}")
    if place.words[:1] == ("collection",):
        yield from _below(place, _above(place.words[: _last(place.words, ":") - 1]), path)
    yield from _below(place, ((c.name, c.type) for c in place.schema.columns), path)


def _below(place: Place, fields: Iterable[tuple[str, Type]], path: str, of: str = "") -> Iterator[Completion]:
    for name, type_ in next_parts(fields, path):
        yield _object(place, name) if type_ is None else _completion(place, name, type_, f"{type_}{of}")


def _object(place: Place, name: str, behind: str = "") -> Completion:
    kind = CompletionKind.FIELD
    return Completion(name, quote_path(name) + behind, kind, "object", "", place.span, RANKS[kind])


def _all(collection: Collection) -> Iterator[tuple[str, Type]]:
    yield from ((f.name, f.type) for f in collection.fields)
    yield from ((name, type_) for name, type_ in SYSTEM_COLUMNS.items() if name != "_score")


def _field(place: Place, collection: Collection, name: str, type_: Type) -> Completion:
    return _completion(place, name, type_, f"{type_} of {collection.name}")


def _completion(
    place: Place, name: str, type_: Type, detail: str, *, better: bool = False, behind: str = "", doc: str = ""
) -> Completion:
    kind = CompletionKind.FIELD
    rank = RANK_SYSTEM if name in SYSTEM_COLUMNS else RANKS[kind]
    rank += WORSE if type_.kind is Kind.VECTOR and place.role in {Role.EXPRESSION, Role.COMPUTED} else 0
    collection = place.schema.collection or place.target
    field = collection.by_name.get(name) if collection else None
    doc = doc or (field.doc if field and field.type == type_ else "")
    return Completion(name, quote_path(name) + behind, kind, detail, doc, place.span, rank + (BETTER if better else 0))
