"""Nodes of the statements that write records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from lark import Token

from paasq_dsl.syntax.tree.expressions import Expression, FromClause, Name, NamedItem, ObjectLiteral, RecordRef
from paasq_dsl.syntax.tree.nodes import Command, Node, Stage, covering_span, span_of


@dataclass(frozen=True, slots=True)
class Expect(Node):
    """`absent`, `present`, or a condition on the record as it is before the write."""

    state: str | None
    condition: Expression | None

    @classmethod
    def build(cls, what: Token | Expression) -> Expect:
        return cls(span_of(what), str(what), None) if isinstance(what, Token) else cls(what.span, None, what)


@dataclass(frozen=True, slots=True)
class Put(Node):
    """Of `records`, or of the rows of a pipeline."""

    collection: Name
    records: tuple[ObjectLiteral, ...]
    expect: Expect | None
    source: FromClause | None = None
    stages: tuple[Stage, ...] = ()

    @classmethod
    def build(cls, name: Token, records: tuple[ObjectLiteral, ...], expect: Expect | None) -> Put:
        return cls(covering_span((name, records, expect)), Name.build(name), records, expect)

    @classmethod
    def build_from(
        cls, name: Token, source: FromClause, stages: tuple[Stage, ...] | None, expect: Expect | None
    ) -> Put:
        """`put name from (source | stage ...)`."""
        span = covering_span((name, source, stages, expect))
        return cls(span, Name.build(name), (), expect, source, stages or ())


@dataclass(frozen=True, slots=True)
class Patch(Node):
    """Of one record (`target` is a RecordRef) or of all that pass `condition` (`target` is a Name). `upsert`: a missing
    record is put."""

    target: RecordRef | Name
    condition: Expression | None
    assignments: tuple[NamedItem, ...]
    expect: Expect | None
    upsert: bool = False

    @classmethod
    def build(cls, record: Token, assignments: tuple[NamedItem, ...], expect: Expect | None) -> Patch:
        return cls(covering_span((record, assignments, expect)), RecordRef.build(record), None, assignments, expect)

    @classmethod
    def build_upsert(cls, record: Token, assignments: tuple[NamedItem, ...], expect: Expect | None) -> Patch:
        """`put collection:key set field = value`."""
        return replace(cls.build(record, assignments, expect), upsert=True)

    @classmethod
    def build_where(cls, name: Token, condition: Expression, assignments: tuple[NamedItem, ...]) -> Patch:
        """`patch collection where condition set field = value`."""
        return cls(covering_span((name, assignments)), Name.build(name), condition, assignments, None)


@dataclass(frozen=True, slots=True)
class Delete(Node):
    """`delete collection:key`, or `delete from collection where condition`, with an optional `expect`."""

    target: RecordRef | Name
    condition: Expression | None
    expect: Expect | None

    @classmethod
    def build(cls, record: Token, expect: Expect | None) -> Delete:
        return cls(covering_span((record, expect)), RecordRef.build(record), None, expect)

    @classmethod
    def build_where(cls, name: Token, condition: Expression) -> Delete:
        """`delete from collection where condition`."""
        return cls(span_of(name, condition), Name.build(name), condition, None)


@dataclass(frozen=True, slots=True)
class Forget(Command):
    """`forget collection:key`, or `forget from collection where condition`; `with snapshots` where these are rewritten too."""

    target: RecordRef | Name
    condition: Expression | None
    with_snapshots: bool

    @classmethod
    def build(cls, record: Token, with_snapshots: tuple[Token, ...] | None) -> Forget:
        span = covering_span((record, *(with_snapshots or ())))
        return cls(span, RecordRef.build(record), None, with_snapshots is not None)

    @classmethod
    def build_where(cls, name: Token, condition: Expression, with_snapshots: tuple[Token, ...] | None) -> Forget:
        """`forget from collection where condition`."""
        span = covering_span((name, condition, *(with_snapshots or ())))
        return cls(span, Name.build(name), condition, with_snapshots is not None)


@dataclass(frozen=True, slots=True)
class Transaction(Node):
    """`tx { write; write }`: all writes are applied, or none."""

    writes: tuple[Write, ...]


Write: TypeAlias = Put | Patch | Delete
