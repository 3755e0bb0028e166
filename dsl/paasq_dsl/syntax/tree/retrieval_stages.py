"""The trees of stages that search, and of those that order a ranking anew, thin it out and cut what it found to size."""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.tree.expressions import Expression, Literal, Name, Parameter
from paasq_dsl.syntax.tree.nodes import Node, Stage, covering_span, span_of, unquote_name


@dataclass(frozen=True, slots=True)
class Option(Node):
    """`name=value` of a stage, such as `exact=true`."""

    name: str
    value: Expression

    @classmethod
    def build(cls, name: Token, value: Expression) -> Option:
        return cls(span_of(name, value), unquote_name(name), value)


@dataclass(frozen=True, slots=True)
class WeightedField(Node):
    """`name^weight` in a match or find; the weight is 1 where none is written."""

    name: str
    weight: float

    @classmethod
    def build(cls, field: Name, weight: Token | None) -> WeightedField:
        return cls(field.span, field.name, float(weight) if weight else 1.0)


@dataclass(frozen=True, slots=True)
class Find(Stage):
    """`find "words" in title^2, body weights=[1, 2]`; without fields all text fields are searched."""

    query_text: Literal | Parameter
    fields: tuple[WeightedField, ...]
    options: tuple[Option, ...]

    @classmethod
    def build(
        cls, words: Literal | Parameter, fields: tuple[WeightedField, ...] | None, options: tuple[Option, ...]
    ) -> Find:
        return cls(covering_span((words, fields, options)), words, fields or (), options)


@dataclass(frozen=True, slots=True)
class Match(Stage):
    """`match title^3 "words" min=2`. `is_more_like_this`: `query_text` is a record, whose words are looked for."""

    fields: tuple[WeightedField, ...]
    query_text: Expression
    options: tuple[Option, ...] = ()
    is_more_like_this: bool = False

    @classmethod
    def build(
        cls, fields: tuple[WeightedField, ...] | None, words: Literal | Parameter, options: tuple[Option, ...]
    ) -> Match:
        return cls(covering_span((fields, words, options)), fields or (), words, options)

    @classmethod
    def build_like(cls, fields: tuple[WeightedField, ...] | None, record: Expression) -> Match:
        """Of the parts of the rule `match_like`."""
        return cls(covering_span((fields, record)), fields or (), record, is_more_like_this=True)


@dataclass(frozen=True, slots=True)
class Near(Stage):
    """`near field to target exact=true`; `field` is None where none is named."""

    field: str | None
    field_span: Span
    target: Expression
    options: tuple[Option, ...]

    @classmethod
    def build(cls, field: Name | None, target: Expression, options: tuple[Option, ...]) -> Near:
        span = covering_span((field, target, options))
        return cls(span, field.name if field else None, field.span if field else span, target, options)


@dataclass(frozen=True, slots=True)
class FuseBranch(Node):
    """`name: stage | stage` inside the brackets of a fuse."""

    name: str
    stages: tuple[Stage, ...]

    @classmethod
    def build(cls, name: Token, stages: tuple[Stage, ...]) -> FuseBranch:
        return cls(span_of(name, stages[-1]), unquote_name(name), stages)


@dataclass(frozen=True, slots=True)
class Fuse(Stage):
    """`fuse method option=value (name: stages, ...)`; `method` is the word as written, checked by the binder."""

    method: str
    method_span: Span
    options: tuple[Option, ...]
    branches: tuple[FuseBranch, ...]

    @classmethod
    def build(cls, method: Token, options: tuple[Option, ...], branches: tuple[FuseBranch, ...]) -> Fuse:
        return cls(covering_span((method, branches)), unquote_name(method), span_of(method), options, branches)


@dataclass(frozen=True, slots=True)
class Rerank(Stage):
    """`rerank by value`."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Collapse(Stage):
    """`collapse value keep n`; `max_per_value` is None where not written."""

    value: Expression
    max_per_value: Expression | None


@dataclass(frozen=True, slots=True)
class Diversify(Stage):
    """`diversify field lambda=0.7 depth=100`; `field` is None where none is named."""

    field: str | None
    field_span: Span
    options: tuple[Option, ...]

    @classmethod
    def build(cls, field: Name | None, options: tuple[Option, ...]) -> Diversify:
        span = covering_span((field, options))
        return cls(span, field.name if field else None, field.span if field else span, options)


@dataclass(frozen=True, slots=True)
class Passages(Stage):
    """`passages field max n`; `max_per_row` is None where not written."""

    field: str
    field_span: Span
    max_per_row: Expression | None

    @classmethod
    def build(cls, field: Name, most: Expression | None) -> Passages:
        return cls(span_of(field, most), field.name, field.span, most)


@dataclass(frozen=True, slots=True)
class Cite(Stage):
    """`cite`, which takes nothing."""

    @classmethod
    def build(cls, word: Token) -> Cite:
        return cls(span_of(word))


@dataclass(frozen=True, slots=True)
class Budget(Stage):
    """Each limit is an option: a name and its value."""

    limits: tuple[Option, ...]
