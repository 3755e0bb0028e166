"""The trees of commands: what shows or changes the catalog and snapshots, and the watch."""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from paasq_dsl.syntax.tree.declarations import FieldDeclaration, HistoryClause, Setting, TypeExpression
from paasq_dsl.syntax.tree.expressions import Expression, FromClause, Literal, Name, Parameter
from paasq_dsl.syntax.tree.nodes import CatalogChange, Command, Node, covering_span, span_of
from paasq_dsl.syntax.tree.writes import Forget, Transaction, Write


@dataclass(frozen=True, slots=True)
class AddField(CatalogChange):
    """`alter collection c add field ...`."""

    collection: Name
    field: FieldDeclaration

    @classmethod
    def build(cls, collection: Token, field: FieldDeclaration) -> AddField:
        return cls(span_of(collection, field), Name.build(collection), field)


@dataclass(frozen=True, slots=True)
class DropField(CatalogChange):
    """`alter collection c drop field f`."""

    collection: Name
    field: Name

    @classmethod
    def build(cls, collection: Token, field: Name) -> DropField:
        return cls(span_of(collection, field), Name.build(collection), field)


@dataclass(frozen=True, slots=True)
class RenameField(CatalogChange):
    """`alter collection c rename field f to new_name`."""

    collection: Name
    field: Name
    new_name: Name

    @classmethod
    def build(cls, collection: Token, field: Name, new_name: Name) -> RenameField:
        return cls(span_of(collection, new_name), Name.build(collection), field, new_name)


@dataclass(frozen=True, slots=True)
class RetypeField(CatalogChange):
    """`alter collection c retype field f: type`."""

    collection: Name
    field: Name
    type: TypeExpression

    @classmethod
    def build(cls, collection: Token, field: Name, type_: TypeExpression) -> RetypeField:
        return cls(span_of(collection, type_), Name.build(collection), field, type_)


@dataclass(frozen=True, slots=True)
class RedefineField(CatalogChange):
    """`alter collection c redefine field f: type required default 7`."""

    collection: Name
    field: FieldDeclaration

    @classmethod
    def build(cls, collection: Token, field: FieldDeclaration) -> RedefineField:
        return cls(span_of(collection, field), Name.build(collection), field)


@dataclass(frozen=True, slots=True)
class SetRetention(CatalogChange):
    """`alter collection c set keep 30d by at history 90d`."""

    collection: Name
    settings: tuple[Setting, ...]

    @classmethod
    def build(cls, collection: Token, *settings: Setting) -> SetRetention:
        return cls(span_of(collection, settings[-1]), Name.build(collection), settings)


@dataclass(frozen=True, slots=True)
class DropRetention(CatalogChange):
    """`alter collection c drop keep`, or history: `setting` is that word."""

    collection: Name
    setting: str

    @classmethod
    def build(cls, collection: Token, setting: Token) -> DropRetention:
        return cls(span_of(collection, setting), Name.build(collection), str(setting))


@dataclass(frozen=True, slots=True)
class SetStoreHistory(CatalogChange):
    """`alter store set history 30d`."""

    history: HistoryClause


@dataclass(frozen=True, slots=True)
class DropStoreHistory(CatalogChange):
    """`alter store drop history`: the store's bound is the default again."""

    @classmethod
    def build(cls, word: Token) -> DropStoreHistory:
        return cls(span_of(word))


@dataclass(frozen=True, slots=True)
class DropCollection(CatalogChange):
    """`drop collection c`; `and_records` where the statement says that its records go too."""

    collection: Name
    and_records: bool

    @classmethod
    def build(cls, name: Token) -> DropCollection:
        return cls(span_of(name), Name.build(name), and_records=False)

    @classmethod
    def build_and_records(cls, name: Token) -> DropCollection:
        """`drop collection name and its records`."""
        return cls(span_of(name), Name.build(name), and_records=True)


@dataclass(frozen=True, slots=True)
class DropView(CatalogChange):
    """`drop view v`."""

    view: Name

    @classmethod
    def build(cls, name: Token) -> DropView:
        return cls(span_of(name), Name.build(name))


@dataclass(frozen=True, slots=True)
class WatchHead(Command):
    """`watch source`; the stages and the emit clause belong to the statement."""

    source: FromClause


@dataclass(frozen=True, slots=True)
class EmitClause(Node):
    """Which events a watch pushes, all where none is named, and from when on: a sequence number or a cursor."""

    events: tuple[Name, ...]
    after: Expression | None

    @classmethod
    def build(cls, events: tuple[Token, ...], after: Expression | None) -> EmitClause:
        return cls(covering_span((*events, after)), tuple(map(Name.build, events)), after)

    @classmethod
    def build_after(cls, after: Expression) -> EmitClause:
        """`after cursor`, of a watch that pushes all events."""
        return cls(after.span, (), after)


@dataclass(frozen=True, slots=True)
class Show(Command):
    """`kind` is collections, views, functions, stages, snapshots, retention, forgotten, or fields: then `collection` is set."""

    kind: str
    collection: Name | None = None

    @classmethod
    def build(cls, what: Token) -> Show:
        return cls(span_of(what), str(what))

    @classmethod
    def build_fields(cls, collection: Token) -> Show:
        """`show fields of collection`."""
        return cls(span_of(collection), "fields", Name.build(collection))


@dataclass(frozen=True, slots=True)
class Describe(Command):
    """`describe name`, of a collection, view, function or stage."""

    subject: Name

    @classmethod
    def build(cls, name: Token) -> Describe:
        return cls(span_of(name), Name.build(name))


@dataclass(frozen=True, slots=True)
class Dryrun(Command):
    """`dryrun write`: the write, transaction or forget to check without applying it."""

    writes: Write | Transaction | Forget


@dataclass(frozen=True, slots=True)
class CreateSnapshot(Command):
    """`snapshot "name"`."""

    name: Literal | Parameter


@dataclass(frozen=True, slots=True)
class VerifySnapshot(Command):
    """`verify snapshot "name"`."""

    name: Literal | Parameter


@dataclass(frozen=True, slots=True)
class ResolveCitations(Command):
    """`citations` is a string or a list of such."""

    citations: Expression
