"""What differs between two schemas, as the statements that lead from one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from paasq_dsl.binder.computed_fields import field_dependencies, with_fields_renamed
from paasq_dsl.catalog import Catalog, Collection, Field, View
from paasq_dsl.retention import HISTORY_DEFAULT, HISTORY_NONE, HistoryBound
from paasq_dsl.schema.declaration_text import collection_text, field_text, history_text, settings_texts, view_text
from paasq_dsl.schema.view_order import ordered_views
from paasq_dsl.syntax.lexer import TokenKind, format_name, format_path, tokenize
from paasq_dsl.types import TypeKind, vector_of

_TRIVIA = frozenset({TokenKind.SPACE, TokenKind.COMMENT, TokenKind.DOC})
_DIFFERENCES_NAMED_MAX = 4


class Risk(StrEnum):
    """What a change may do to records."""

    NONE = ""
    MAY_FAIL = "may fail"  # where a record does not fit; then nothing is changed
    LOSES = "loses data"
    IMPOSSIBLE = "impossible"  # no statement does it


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One statement, without its `;`, and what it may do to records; `why` says so in words. `statement` is empty where
    there is none."""

    statement: str
    risk: Risk = Risk.NONE
    why: str = ""

    @property
    def text(self) -> str:
        """The statement as a line of a script, its risk as a comment above it."""
        note = f"// {self.risk}: {self.why}\n" if self.risk else ""
        return note + (f"{self.statement};" if self.statement else "")


class UnknownRename(ValueError):
    """A renaming that does not lead from a field that is there to one that is declared."""


def same_declaration(one: Collection, other: Collection) -> bool:
    """The same declaration, leaving aside docs and what the store has added: ids, the model and size of an automatic vector."""
    return (
        one.key == other.key
        and settings_texts(one) == settings_texts(other)
        and {f.name: declared(f) for f in one.fields} == {f.name: declared(f) for f in other.fields}
    )


def declared(field: Field) -> tuple[object, ...]:
    """What a declaration says of a field, its doc aside."""
    type_ = vector_of(None) if field.source_fields else field.type
    return type_, field.required, field.default, field.source_fields, field.unique, field.computed


def with_docs(present: Collection, other: Collection) -> Collection:
    """The present collection with the docs that another declaration gives it; where that gives none it keeps its own."""
    docs = {f.name: f.doc for f in other.fields if f.doc}
    fields = tuple(replace(f, doc=docs.get(f.name, f.doc)) for f in present.fields)
    return replace(present, doc=other.doc or present.doc, fields=fields)


def describe_differences(present: Collection, other: Collection) -> str:
    """What differs, in words, for people."""
    found = [f"its key is {present.key}, not {other.key}"] if present.key != other.key else []
    for name in dict.fromkeys((*present.fields_by_name, *other.fields_by_name)):
        there, here = present.fields_by_name.get(name), other.fields_by_name.get(name)
        if here is None:
            found.append(f"{name} is not declared here")
        elif there is None:
            found.append(f"{name} is declared here alone")
        elif declared(there) != declared(here):
            found.append(f"{name} is {_rules(there)} there and {_rules(here)} here")
    if settings_texts(present) != settings_texts(other):
        found.append(f"its settings are {_settings(present)} there and {_settings(other)} here")
    more = len(found) - _DIFFERENCES_NAMED_MAX
    return "; ".join(found[:_DIFFERENCES_NAMED_MAX]) + (f"; and {more} more" if more > 0 else "")


def schema_changes(
    present: Catalog, wanted: Catalog, renames: Mapping[str, Mapping[str, str]] | None = None, *, whole: bool = False
) -> list[SchemaChange]:
    """The statements after which the store has what `wanted` declares, in an order in which each can run.

    `renames` are old names to new ones of fields, by collection. What `wanted` does not declare stays, or with `whole` is
    dropped. Raises UnknownRename.
    """
    renames = renames or {}
    if unknown := next(
        (name for name in renames if name not in present.collections or name not in wanted.collections), None
    ):
        raise UnknownRename(f"{unknown} is not a collection both of the store and of the script")
    found: list[SchemaChange] = []
    if present.history != wanted.history and (whole or wanted.history is not None):
        statement = history_text(wanted.history)
        found.append(
            _history_change(statement, "", present.history or HISTORY_DEFAULT, wanted.history or HISTORY_DEFAULT)
        )
    if whole:
        found += [_drop_view(view) for name, view in present.views.items() if name not in wanted.views]
    views = {name: view for name, view in wanted.views.items() if _differ(present.views.get(name), view)}
    replaced = [name for name in views if name in present.views]
    if len(replaced) > 1:  # one may stand on the other now, and the other on it then
        found += [SchemaChange(f"drop view {format_name(name)}") for name in replaced]
    for name, collection in wanted.collections.items():
        if name not in present.collections:
            found.append(SchemaChange(collection_text(collection)))
        else:
            found += collection_changes(present.collections[name], collection, renames.get(name, {}), present.history)
    if whole:
        gone = [c for name, c in present.collections.items() if name not in wanted.collections]
        found += [_drop_collection(collection, wanted) for collection in _leading_first(gone)]
    for view in ordered_views(views):
        there = present.views.get(view.name)
        found.append(SchemaChange(view_text(replace(view, doc=view.doc or (there.doc if there else "")))))
    return found


def collection_changes(
    present: Collection,
    wanted: Collection,
    renames: Mapping[str, str] | None = None,
    store_history: HistoryBound | None = None,
) -> list[SchemaChange]:
    """As `schema_changes`, of one collection; `store_history` is what the store says of those that say nothing."""
    alter = f"alter collection {format_name(present.name)}"
    found = []
    for old, new in (renames or {}).items():
        present = _renamed(present, wanted, old, new)
        found.append(SchemaChange(f"{alter} rename field {format_path(old)} to {format_path(new)}"))
    if present.key != wanted.key:
        why = f"the key of {present.name} is {present.key}, and {wanted.key} is declared; a key can't be exchanged, but renamed"
        return [*found, SchemaChange("", Risk.IMPOSSIBLE, why)]
    dropped = _dropped(present, wanted)
    kept = {name: f for name, f in present.fields_by_name.items() if name not in dropped}
    counted_from = present.time_to_live and present.time_to_live.by
    if counted_from in dropped or (
        counted_from in kept and kept[counted_from].type != wanted.fields_by_name[counted_from].type
    ):
        found.append(SchemaChange(f"{alter} drop keep"))
        present = replace(present, time_to_live=None)
    found += [
        _drop_field(alter, present, field, made_again=field.name in wanted.fields_by_name)
        for field in _generated_last(dropped.values(), reverse=True)
    ]
    now = wanted.fields_by_name
    found += [_redefine_field(alter, f, now[name]) for name, f in kept.items() if declared(f) != declared(now[name])]
    added = _generated_last(f for f in wanted.fields if f.name not in kept)
    for field in added:
        found += _add_field(alter, field)
    found += _retention_changes(alter, present, wanted, store_history or HISTORY_DEFAULT)
    settled = replace(
        present,
        fields=(*kept.values(), *(replace(f, doc="") for f in added)),
        time_to_live=wanted.time_to_live,
        history=wanted.history,
    )
    if with_docs(settled, wanted) != settled:
        found.append(SchemaChange(collection_text(wanted)))
    return found


def _dropped(present: Collection, wanted: Collection) -> dict[str, Field]:
    """The fields that go, also those that come back: made in another way, or made from one that is not as it was."""
    found: dict[str, Field] = {}
    changed: set[str] = set()
    for field in present.fields:
        now = wanted.fields_by_name.get(field.name)
        if now is None or (declared(field) != declared(now) and _is_replaced(field, now)):
            found[field.name] = field
        elif field.type != now.type and not field.source_fields:
            changed.add(field.name)
    while True:
        unsettled = changed | found.keys()
        again = [
            f for f in present.fields if f.name not in found and f.is_generated and unsettled & field_dependencies(f)
        ]
        if not again:
            return found
        found |= {f.name: f for f in again}


def _is_replaced(field: Field, now: Field) -> bool:
    kinds = {field.type.kind, now.type.kind}
    return field.is_generated or now.is_generated or (TypeKind.VECTOR in kinds and field.type != now.type)


def _generated_last(fields: Iterable[Field], *, reverse: bool = False) -> list[Field]:
    """Given fields, then computed ones, each of which may use those before it, then vectors made of text."""
    found = sorted(fields, key=lambda f: 2 if f.source_fields else int(f.computed is not None))
    return found[::-1] if reverse else found


def _drop_field(alter: str, collection: Collection, field: Field, *, made_again: bool) -> SchemaChange:
    statement = f"{alter} drop field {format_path(field.name)}"
    if field.is_generated:
        return SchemaChange(statement)
    what = "cannot become what is declared" if made_again else "is not declared"
    return SchemaChange(statement, Risk.LOSES, f"the values of {collection.name}.{field.name}, which {what}")


def _redefine_field(alter: str, field: Field, now: Field) -> SchemaChange:
    statement = f"{alter} redefine field {field_text(now, key=False)}"
    demands = [
        *([f"every value must be {now.type}"] if field.type != now.type else []),
        *(["every record must have a value"] if now.required and not field.required else []),
        *(["no two records may have one value"] if now.unique and not field.unique else []),
    ]
    return SchemaChange(statement, Risk.MAY_FAIL if demands else Risk.NONE, ", and ".join(demands))


def _add_field(alter: str, field: Field) -> list[SchemaChange]:
    if field.unique and field.default is not None:  # the records that are there can't all have the default
        bare = replace(field, default=None, required=False)
        return [*_add_field(alter, bare), _redefine_field(alter, bare, field)]
    statement = f"{alter} add field {field_text(field)}"
    if field.is_mandatory:
        return [SchemaChange(statement, Risk.MAY_FAIL, "records that are there have no value for it")]
    if field.computed is not None:
        return [SchemaChange(statement, Risk.MAY_FAIL, "its value must be computable of every record")]
    return [SchemaChange(statement)]


def _retention_changes(
    alter: str, present: Collection, wanted: Collection, store_history: HistoryBound
) -> list[SchemaChange]:
    found: list[SchemaChange] = []
    before, after = present.time_to_live, wanted.time_to_live
    if before != after:
        if after is None:
            found.append(SchemaChange(f"{alter} drop keep"))
        else:
            longer = before is not None and before.by == after.by and before.age.length_us <= after.age.length_us
            why = f"the records of {present.name} whose {after.by} is more than {after.age} past"
            lost = SchemaChange(f"{alter} set {after}", Risk.LOSES, why)
            found.append(SchemaChange(lost.statement) if longer else lost)
    if present.history != wanted.history:
        statement = f"{alter} {f'set {wanted.history}' if wanted.history else 'drop history'}"
        lengths = present.history or store_history, wanted.history or store_history
        found.append(_history_change(statement, f" of {present.name}", *lengths))
    return found


def _history_change(statement: str, of: str, before: HistoryBound, after: HistoryBound) -> SchemaChange:
    if before.length_us <= after.length_us:
        return SchemaChange(statement)
    which = "all past versions" if after == HISTORY_NONE else f"past versions that are gone for more than {after.text}"
    return SchemaChange(statement, Risk.LOSES, f"{which}{of}")


def _drop_view(view: View) -> SchemaChange:
    return SchemaChange(
        f"drop view {format_name(view.name)}", Risk.LOSES, f"the view {view.name}, which is not declared"
    )


def _drop_collection(collection: Collection, wanted: Catalog) -> SchemaChange:
    leading = [f"{c.name}.{f}" for c in wanted.collections.values() for f in _links_to(c, collection.name)]
    if leading:
        return SchemaChange("", Risk.IMPOSSIBLE, f"{collection.name} can't be dropped: {leading[0]} leads to it")
    statement = f"drop collection {format_name(collection.name)} and its records"
    return SchemaChange(statement, Risk.LOSES, f"{collection.name} and its records, which is not declared")


def _leading_first(collections: list[Collection]) -> list[Collection]:
    """Those that lead to others before these."""
    found: list[Collection] = []
    left = list(collections)
    while left:
        free = [c for c in left if not any(_links_to(other, c.name) for other in left if other is not c)]
        found += free or left[:1]
        left = [c for c in left if c not in found]
    return found


def _links_to(collection: Collection, name: str) -> list[str]:
    types = {f.name: f.type.item or f.type for f in collection.fields}
    return [field for field, type_ in types.items() if type_.kind is TypeKind.LINK and type_.name == name]


def _renamed(present: Collection, wanted: Collection, old: str, new: str) -> Collection:
    if old not in present.fields_by_name or new not in wanted.fields_by_name:
        raise UnknownRename(
            f"{present.name}.{old}={new}: {old} must be a field of the store, and {new} one of the script"
        )
    if new in present.fields_by_name:
        raise UnknownRename(f"{present.name}.{old}={new}: the store has a field {new} already")
    fields = (replace(f, name=new) if f.name == old else f for f in present.fields)
    followed = tuple(with_fields_renamed(f, {old: new}) for f in fields)
    rule = present.time_to_live and present.time_to_live.with_field_renamed({old: new})
    return replace(present, fields=followed, key=new if present.key == old else present.key, time_to_live=rule)


def _differ(one: View | None, other: View) -> bool:
    """Is it another pipeline, its layout and comments aside, or has it another doc?"""
    return (
        one is None
        or _words(one.definition) != _words(other.definition)
        or one.signature != other.signature
        or (bool(other.doc) and one.doc != other.doc)
    )


def _words(text: str) -> list[str]:
    return [token.text for token in tokenize(text) if token.kind not in _TRIVIA]


def _settings(collection: Collection) -> str:
    return " ".join(settings_texts(collection)) or "(nothing)"


def _rules(field: Field) -> str:
    return field_text(field).partition(": ")[2]
