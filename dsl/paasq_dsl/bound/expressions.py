"""Bound expressions: typed, without a literal of the text. A literal is a `Constant`, a number into those of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from paasq_dsl.bound.schema import BoundStage, Origin, Schema
from paasq_dsl.source_text import NOWHERE, Span
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.types import BOOL, Type
from paasq_dsl.values import Value


@dataclass(frozen=True, slots=True)
class Constant:
    """Literal number `slot` of the text. A slot below zero: `value` is part of the plan (null, true, false, a default)."""

    slot: int
    type: Type
    value: Value = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """`$name`, to be converted to `type` when it runs; a time given as text without an offset is one of `zone`."""

    name: str
    type: Type
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    zone: str = DEFAULT_ZONE


@dataclass(frozen=True, slots=True)
class MomentValue:
    """`@now`, `@today`, ...: fixed when the script starts. Days are those of `zone`."""

    name: str
    type: Type
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    zone: str = DEFAULT_ZONE


@dataclass(frozen=True, slots=True)
class ColumnValue:
    name: str
    type: Type
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or an operator (`==`, `and`, `has`, `..`, `[]` for a list) over arguments."""

    function: str
    arguments: tuple[Bound, ...]
    type: Type
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Traverse:
    """`base->name`: a field of the records of `collection` that the links of `base` lead to; a list where base is one."""

    base: Bound
    collection: str
    name: str
    type: Type
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PipelineValue:
    """The values of the one column that a pipeline shows, as a list, in its order. It reads nothing of the row that the
    expression is asked of, so it has one value a run."""

    stages: tuple[BoundStage, ...]
    type: Type
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def __hash__(self) -> int:
        return hash((self.type, len(self.stages)))  # a default in a catalog, which stages name, may be a list

    @property
    def column(self) -> str:
        return self.stages[-1].schema.visible[0].name

    @property
    def source(self) -> str:
        """The collection that it begins with."""
        found = self.stages[0].schema.collection
        return found.name if found else ""


Bound: TypeAlias = Constant | ParameterValue | MomentValue | ColumnValue | Apply | Traverse | PipelineValue
TRUE = Constant(-1, BOOL, value=True)


@dataclass(frozen=True, slots=True)
class Named:
    name: str
    value: Bound


def origin_of(value: Bound, schema: Schema) -> Origin | None:
    """Where the values of an expression over the columns of `schema` come from: it names a column, or a field behind a
    link. None for anything that is computed."""
    match value:
        case ColumnValue(name=name):
            found = schema.by_name.get(name)
            return found.origin if found else None
        case Traverse(collection=collection, name=name):
            return Origin(collection, name)
        case _:
            return None
