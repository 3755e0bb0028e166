"""Nodes of the statements that write records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from paasq_dsl.syntax.tree.expressions import Expression, FromClause, Name, NamedItem, ObjectLiteral, RecordRef
from paasq_dsl.syntax.tree.nodes import Node, Stage


@dataclass(frozen=True, slots=True)
class Expect(Node):
    """`absent`, `present`, or a condition on the record as it is before the write."""

    state: str | None
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Put(Node):
    """Of `records`, or of the rows of a pipeline."""

    collection: Name
    records: tuple[ObjectLiteral, ...]
    expect: Expect | None
    source: FromClause | None = None
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Patch(Node):
    """Of one record (`target` is a RecordRef) or of all that pass `condition` (`target` is a Name). `upsert`: a missing
    record is put."""

    target: RecordRef | Name
    condition: Expression | None
    assignments: tuple[NamedItem, ...]
    expect: Expect | None
    upsert: bool = False


@dataclass(frozen=True, slots=True)
class Delete(Node):
    """`delete collection:key`, or `delete from collection where condition`, with an optional `expect`."""

    target: RecordRef | Name
    condition: Expression | None
    expect: Expect | None


@dataclass(frozen=True, slots=True)
class Transaction(Node):
    """`tx { write; write }`: all writes are applied, or none."""

    writes: tuple[Write, ...]


Write: TypeAlias = Put | Patch | Delete
