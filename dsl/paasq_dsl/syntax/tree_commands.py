"""Nodes of the statements that define, show and change what queries stand on."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_dsl.source import Span
from paasq_dsl.syntax.tree import Command, Expression, FieldDeclaration, From, Literal, Name, Parameter, Taken, TypeName
from paasq_dsl.syntax.tree_writes import Transaction, Write

# ---- definitions: what they name can be used by the statements behind them


@dataclass(frozen=True, slots=True)
class FunctionDeclaration(Command):
    name: str
    parameters: tuple[Taken, ...]
    result: TypeName
    body: Expression


@dataclass(frozen=True, slots=True)
class Use(Command):
    path: str
    path_span: Span
    alias: str


@dataclass(frozen=True, slots=True)
class Zone(Command):
    """The time zone that a text is read in; `span` is its name's."""

    name: str


# ---- the catalog


@dataclass(frozen=True, slots=True)
class ViewHead(Command):
    name: str
    source: From
    parameters: tuple[Taken, ...] = ()


@dataclass(frozen=True, slots=True)
class AddField(Command):
    collection: Name
    field: FieldDeclaration


@dataclass(frozen=True, slots=True)
class DropField(Command):
    collection: Name
    field: Name


@dataclass(frozen=True, slots=True)
class RenameField(Command):
    collection: Name
    field: Name
    new: Name


@dataclass(frozen=True, slots=True)
class RetypeField(Command):
    collection: Name
    field: Name
    type: TypeName


@dataclass(frozen=True, slots=True)
class DropCollection(Command):
    collection: Name
    and_records: bool


@dataclass(frozen=True, slots=True)
class DropView(Command):
    view: Name


# ---- the rest


@dataclass(frozen=True, slots=True)
class WatchHead(Command):
    source: From


@dataclass(frozen=True, slots=True)
class Show(Command):
    """`what` is collections, views, functions, stages, snapshots, or fields: then `of` names the collection."""

    what: str
    of: Name | None = None


@dataclass(frozen=True, slots=True)
class Describe(Command):
    subject: Name


@dataclass(frozen=True, slots=True)
class Dryrun(Command):
    writes: Write | Transaction


@dataclass(frozen=True, slots=True)
class TakeSnapshot(Command):
    name: Literal | Parameter


@dataclass(frozen=True, slots=True)
class VerifySnapshot(Command):
    name: Literal | Parameter


@dataclass(frozen=True, slots=True)
class Resolve(Command):
    """`citations` is a string or a list of such."""

    citations: Expression
