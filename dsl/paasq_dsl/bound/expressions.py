"""Bound expressions: typed, without a literal of the text. A literal is a `Constant`, a number into those of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from paasq_dsl.bound.schema import BoundStage, ColumnOrigin, Schema
from paasq_dsl.source_text import DUMMY_SPAN, Span
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.types import BOOL, Type
from paasq_dsl.values import Value


@dataclass(frozen=True, slots=True)
class Constant:
    """Literal number `slot` of the text. A slot below zero: `value` is part of the plan (null, true, false, a default)."""

    slot: int
    type: Type
    value: Value = None
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ParameterRef:
    """`$name`, to be converted to `type` when it runs; a time given as text without an offset is one of `zone`."""

    name: str
    type: Type
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)
    zone: str = DEFAULT_ZONE


@dataclass(frozen=True, slots=True)
class MomentRef:
    """`@now`, `@today`, ...: fixed when the script starts. Days are those of `zone`."""

    name: str
    type: Type
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)
    zone: str = DEFAULT_ZONE


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column of the input rows, by its name in the stage's input schema."""

    name: str
    type: Type
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function or an operator (`==`, `and`, `has`, `..`, `[]` for a list) over arguments."""

    function: str
    arguments: tuple[BoundExpression, ...]
    type: Type
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Dereference:
    """`base->name`: a field of the records of `collection` that the links of `base` lead to; a list where base is one."""

    base: BoundExpression
    collection: str
    name: str
    type: Type
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Subquery:
    """The values of the one column that a pipeline shows, as a list, in its order. It reads nothing of the row that the
    expression is asked of, so it has one value a run."""

    stages: tuple[BoundStage, ...]
    type: Type
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)

    def __hash__(self) -> int:
        return hash((self.type, len(self.stages)))  # a default in a catalog, which stages name, may be a list

    @property
    def column(self) -> str:
        return self.stages[-1].schema.visible_columns[0].name

    @property
    def source(self) -> str:
        """The collection that it begins with."""
        found = self.stages[0].schema.collection
        return found.name if found else ""


BoundExpression: TypeAlias = Constant | ParameterRef | MomentRef | ColumnRef | FunctionCall | Dereference | Subquery
TRUE = Constant(-1, BOOL, value=True)


@dataclass(frozen=True, slots=True)
class NamedExpression:
    """An expression and the column or field that its value becomes."""

    name: str
    value: BoundExpression


def column_origin(value: BoundExpression, schema: Schema) -> ColumnOrigin | None:
    """Where the values of an expression over the columns of `schema` come from: it names a column, or a field of a
    linked record. None for anything that is computed."""
    match value:
        case ColumnRef(name=name):
            found = schema.columns_by_name.get(name)
            return found.origin if found else None
        case Dereference(collection=collection, name=name):
            return ColumnOrigin(collection, name)
        case _:
            return None
