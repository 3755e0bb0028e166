"""The tree of an expression, as written. A pipeline in brackets is an expression too, so sources are defined here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from lark import Token

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.lexer import unescape_string
from paasq_dsl.syntax.tree.nodes import Node, Stage, span_of, unquote_name
from paasq_dsl.values import Duration


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """null, a bool, a number, a string or a duration; `is_time` where the string is the text of an @ date.

    An int is one of 64 bits, or 2^63, which the binder refuses: it is valid only after a minus, then part of the value."""

    value: bool | int | float | str | Duration | None
    is_time: bool = False


@dataclass(frozen=True, slots=True)
class Moment(Node):
    """`@now`, `@today`, ...: a time fixed once a script."""

    name: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A bare name, such as `title`: a column, a parameter of the function around it, or an option's word."""

    name: str

    @classmethod
    def build(cls, name: Token) -> Name:
        return cls(span_of(name), unquote_name(name))


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """`$name`: a value given with each run; `name` is without the `$`."""

    name: str


@dataclass(frozen=True, slots=True)
class RecordRef(Node):
    """`collection:key`, one record."""

    collection: str
    key: str

    @classmethod
    def build(cls, token: Token) -> RecordRef:
        collection, key = str(token).split(":", 1)
        return cls(span_of(token), collection, unescape_string(key) if key.startswith('"') else key)


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """`[a, b, ...]`, possibly empty."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`low..high`, half open: low is in, high is not."""

    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-operand` or `not operand`."""

    operator: str  # "-" or "not"
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """A comparison or a calculation. Operators: == != < <= > >= in "not in" has "has any" "has all" + - * / %."""

    operator: str
    left: Expression
    right: Expression
    operator_span: Span


@dataclass(frozen=True, slots=True)
class Logical(Node):
    """`and` or `or` over two operands or more."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(arguments)`; a function of a module has its alias and a dot in `name`. `name_span` covers the name
    alone."""

    name: str
    name_span: Span
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class MemberAccess(Node):
    """`base.name`, such as a member of an object; a dotted column name is a chain of these."""

    base: Expression
    name: str


@dataclass(frozen=True, slots=True)
class LinkAccess(Node):
    """`link->field`: a field of the record that a link, or each link of a list, leads to."""

    base: Expression
    name: str
    name_span: Span


@dataclass(frozen=True, slots=True)
class NamedItem(Node):
    """`name = expression`, or an expression that names itself."""

    name: str | None
    expression: Expression


@dataclass(frozen=True, slots=True)
class ObjectLiteral(Node):
    """`{name: value, ...}`: a record that is put, or an object in one."""

    items: tuple[NamedItem, ...]


@dataclass(frozen=True, slots=True)
class AsOf(Node):
    """`kind` is seq or snapshot: what `value` names."""

    kind: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Arguments(Node):
    """Of a pipeline, with their brackets."""

    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class FromClause(Node):
    """`name` has the alias of a module and a dot before it where the let is one of a module. `arguments` is None where
    there are no brackets, `record_key` where no single record is named."""

    name: str
    name_span: Span
    as_of: AsOf | None = None
    arguments: Arguments | None = None
    record_key: str | None = None


@dataclass(frozen=True, slots=True)
class NestedPipeline(Node):
    """A whole pipeline in brackets: of a union, or a list on the right of `in`."""

    source: FromClause
    stages: tuple[Stage, ...]


Expression: TypeAlias = (
    Literal
    | Moment
    | Name
    | Parameter
    | RecordRef
    | ListLiteral
    | ObjectLiteral
    | Range
    | Unary
    | Binary
    | Logical
    | Call
    | MemberAccess
    | LinkAccess
    | NestedPipeline
)
