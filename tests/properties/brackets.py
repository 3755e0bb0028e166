"""Pipelines of chance in brackets, whose values are a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paasq_dsl.syntax.lexer import format_string
from paasq_dsl.types import Type, TypeKind
from properties.shaping import collapse, distinct, expand, sample, skip, union

if TYPE_CHECKING:
    from properties.queries import Pipeline, Writer

DEEPEST = 2  # brackets in brackets


def among(pipeline: Pipeline) -> None:
    """Keep the rows of which a column is, or is not, in what another pipeline gives."""
    writer = pipeline.writer
    names = [n for n, t in pipeline.columns.items() if t.kind is not TypeKind.LIST and not n.startswith("_score")]
    name = writer.pick(sorted(names)) if names else None
    given = name and _values(writer, type(pipeline)(writer), pipeline.columns[name])
    if given:
        pipeline.add(f"where {name} {writer.pick(['in', 'not in'])} {given}")


def listed(pipeline: Pipeline, type_: Type) -> str:
    """The right side of `in` for a value of this type: a list of values, or a pipeline that gives them, which
    `pipeline` is the beginning of."""
    writer = pipeline.writer
    return (_values(writer, pipeline, type_) if writer.number(0, 2) else None) or writer.some(type_)


def _values(writer: Writer, pipeline: Pipeline, type_: Type) -> str | None:
    """`(from ... | select column)` of values that can be equal to some of this type; None where nothing is of it, or where
    brackets stand deep enough."""
    if writer.brackets >= DEEPEST:
        return None
    if type_.kind is TypeKind.LINK and writer.number(0, 1):
        return f"(from {type_.name} | where id {writer.comparison()} {format_string(f'p{writer.number(0, 29)}')} | select id)"
    writer.brackets += 1
    for _ in range(writer.number(0, 3)):
        _grow(pipeline)
    writer.brackets -= 1
    names = [
        name for name, t in pipeline.columns.items() if _equal_at_times(t, type_) and not name.startswith("_score")
    ]
    return f"({' | '.join(pipeline.stages)} | select {writer.pick(sorted(names))})" if names else None


def _grow(pipeline: Pipeline) -> None:
    """By a stage that a watch can have too."""
    writer = pipeline.writer
    ways = [pipeline.where, pipeline.where, pipeline.sort, pipeline.take, pipeline.extend]
    if pipeline.records:
        ways += [pipeline.match, pipeline.near, pipeline.find, pipeline.fuse] * bool(pipeline.texts)
        ways += [pipeline.follow] * bool(pipeline.links)
        ways += [pipeline.summarize]
    shapes = [lambda each=each: each(pipeline) for each in (collapse, skip, distinct, sample, expand, union)]
    writer.pick([*ways, *shapes])()


def _equal_at_times(one: Type, other: Type) -> bool:
    if TypeKind.LINK in {one.kind, other.kind}:
        return one == other
    strings, numbers = {TypeKind.KEYWORD, TypeKind.TEXT}, {TypeKind.INT, TypeKind.FLOAT}
    return one == other or any({one.kind, other.kind} <= kinds for kinds in (strings, numbers))
