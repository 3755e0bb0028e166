"""Nodes of the statements that write records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from paasq_dsl.syntax.tree.expressions import Expression, From, Item, Name, Record, Ref
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
    records: tuple[Record, ...]
    expect: Expect | None
    source: From | None = None
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Patch(Node):
    """Of one record (`target` is a Ref) or of all that pass `condition` (`target` is a Name). `creates`: where there is no
    such record one is put."""

    target: Ref | Name
    condition: Expression | None
    assignments: tuple[Item, ...]
    expect: Expect | None
    creates: bool = False


@dataclass(frozen=True, slots=True)
class Delete(Node):
    target: Ref | Name
    condition: Expression | None
    expect: Expect | None


@dataclass(frozen=True, slots=True)
class Transaction(Node):
    writes: tuple[Write, ...]


Write: TypeAlias = Put | Patch | Delete
