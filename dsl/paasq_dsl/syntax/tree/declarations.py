"""The trees of declarations: collections, and what the statements after one can use by its name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lark import Token

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.tree.expressions import Expression, FromClause, Literal, Name
from paasq_dsl.syntax.tree.nodes import CatalogChange, Command, Node, span_of, unquote_name


@dataclass(frozen=True, slots=True)
class TypeExpression(Node):
    """`name`, `name(argument)`, `link<argument>`; a list as `name` "list" with `item`, an object as "{}" with `fields`."""

    name: str
    argument: str | None = None
    item: TypeExpression | None = None
    fields: tuple[FieldDeclaration, ...] = ()

    @classmethod
    def build(cls, name: Token) -> TypeExpression:
        return cls(span_of(name), unquote_name(name))

    @classmethod
    def build_with_argument(cls, name: Token, argument: Token, end: Token) -> TypeExpression:
        """`text(en)`, `vector(384)` or `link<person>`."""
        return cls(span_of(name, end), unquote_name(name), unquote_name(argument))

    @classmethod
    def build_of_list(cls, item: TypeExpression) -> TypeExpression:
        """`[type]`."""
        return cls(item.span, "list", item=item)

    @classmethod
    def build_of_object(cls, *parts: Any) -> TypeExpression:
        """`{ field ... }`: the fields, and the bracket at the end."""
        *fields, end = parts
        return cls(span_of(fields[0] if fields else end, end), "{}", fields=tuple(fields))


@dataclass(frozen=True, slots=True)
class FieldDeclaration(Node):
    """`name` has dots where it says which object the field is in."""

    name: str
    type: TypeExpression
    is_key: bool
    required: bool
    unique: bool
    default: Expression | None
    sources: tuple[Name, ...]
    computed: Expression | None = None  # the expression after `=`, which gives its value
    doc: str = ""

    @classmethod
    def build(
        cls, key: Token | None, name: Name, type_: TypeExpression, *modifiers: tuple[str, Any]
    ) -> FieldDeclaration:
        options = dict(modifiers)
        return cls(
            name.span, name.name, type_, key is not None, "required" in options, "unique" in options,
            options.get("default"), options.get("sources", ()), options.get("computed"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FormalParameter(Node):
    """A parameter of a function or a pipeline. `declaration_text` is it on one line, for signatures."""

    name: str
    type: TypeExpression
    default: Expression | None = None
    declaration_text: str = field(default="", compare=False)

    @classmethod
    def build(cls, name: Token, type_: TypeExpression, default: Expression | None) -> FormalParameter:
        return cls(span_of(name), unquote_name(name).removeprefix("$"), type_, default)


@dataclass(frozen=True, slots=True)
class LetHead(Node):
    """`let name(parameters) = from source`; the stages belong to the statement."""

    name: str
    source: FromClause
    parameters: tuple[FormalParameter, ...] = ()

    @classmethod
    def build(cls, name: Token, parameters: tuple[FormalParameter, ...] | None, source: FromClause) -> LetHead:
        return cls(span_of(name, source), unquote_name(name), source, parameters or ())


@dataclass(frozen=True, slots=True)
class ParameterDeclaration(Node):
    """`param $name: type = default`; `name` is without the `$`."""

    name: str
    type: TypeExpression
    default: Expression | None

    @classmethod
    def build(cls, name: Token, type_: TypeExpression, default: Expression | None) -> ParameterDeclaration:
        return cls(span_of(name), str(name)[1:], type_, default)


@dataclass(frozen=True, slots=True)
class TimeToLiveClause(Node):
    """`keep 90d by field`; `by` is None where no field is named."""

    age: Literal
    by: Name | None


@dataclass(frozen=True, slots=True)
class HistoryClause(Node):
    """`history 30d`; `age` is `all` or `none` where it is no duration."""

    age: Literal | str

    @classmethod
    def build(cls, age: Literal | Token) -> HistoryClause:
        return cls(span_of(age), str(age) if isinstance(age, Token) else age)


Setting: TypeAlias = TimeToLiveClause | HistoryClause


@dataclass(frozen=True, slots=True)
class CollectionDeclaration(Node):
    """`collection name { field: type, ... } settings`."""

    name: str
    fields: tuple[FieldDeclaration, ...]
    settings: tuple[Setting, ...] = ()

    @classmethod
    def build(cls, name: Token, *parts: Any) -> CollectionDeclaration:
        *fields, settings = parts
        return cls(span_of(name), unquote_name(name), tuple(fields), settings)


@dataclass(frozen=True, slots=True)
class FunctionDeclaration(Command):
    """`fn name(parameters): result = body`."""

    name: str
    parameters: tuple[FormalParameter, ...]
    result: TypeExpression
    body: Expression

    @classmethod
    def build(
        cls, name: Token, parameters: tuple[FormalParameter, ...] | None, result: TypeExpression, body: Expression
    ) -> FunctionDeclaration:
        return cls(span_of(name, body), unquote_name(name), parameters or (), result, body)


@dataclass(frozen=True, slots=True)
class Use(Command):
    """`use "path" as alias`; `path_span` covers the string."""

    path: str
    path_span: Span
    alias: str

    @classmethod
    def build(cls, path: Literal, alias: Token) -> Use:
        return cls(span_of(path, alias), str(path.value), path.span, unquote_name(alias))


@dataclass(frozen=True, slots=True)
class SetTimeZone(Command):
    """The time zone that a text is read in; `span` is its name's."""

    name: str

    @classmethod
    def build(cls, name: Literal) -> SetTimeZone:
        return cls(name.span, str(name.value))


@dataclass(frozen=True, slots=True)
class ViewHead(CatalogChange):
    """`view name(parameters) = from source`; the stages belong to the statement."""

    name: str
    source: FromClause
    parameters: tuple[FormalParameter, ...] = ()

    @classmethod
    def build(cls, name: Token, parameters: tuple[FormalParameter, ...] | None, source: FromClause) -> ViewHead:
        return cls(span_of(name, source), unquote_name(name), source, parameters or ())
