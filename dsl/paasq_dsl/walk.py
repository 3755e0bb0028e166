"""Walks over a bound plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from paasq_dsl.bound import (
    Apply,
    Bound,
    BoundAsOf,
    BoundSortKey,
    BoundStage,
    ColumnValue,
    Constant,
    FacetCount,
    FuseStage,
    MomentValue,
    Named,
    ParameterValue,
    Traverse,
    UnionStage,
)  # fmt: skip


def expressions(stage: BoundStage) -> Iterator[Bound]:
    """The expressions that a stage itself holds, those of pipelines inside it left out."""
    for part in fields(stage):
        value = getattr(stage, part.name)
        for item in value if isinstance(value, tuple) else (value,):
            match item:
                case Named(value=inner) | BoundSortKey(value=inner) | FacetCount(value=inner) | BoundAsOf(value=inner):
                    yield inner
                case Constant() | ParameterValue() | MomentValue() | ColumnValue() | Apply() | Traverse():
                    yield item
                case _:
                    pass


def pipelines(stage: BoundStage) -> Iterator[tuple[BoundStage, ...]]:
    """Those inside a stage."""
    match stage:
        case FuseStage(branches=branches):
            yield from (branch.stages for branch in branches)
        case UnionStage(pipelines=inner):
            yield from inner
        case _:
            pass


def nested(stages: Iterable[BoundStage]) -> Iterator[BoundStage]:
    """The stages, those of pipelines inside them too."""
    for stage in stages:
        yield stage
        for inner in pipelines(stage):
            yield from nested(inner)


def parts(expression: Bound) -> Iterator[Bound]:
    """An expression and all that stand in it."""
    yield expression
    match expression:
        case Apply(arguments=arguments):
            for argument in arguments:
                yield from parts(argument)
        case Traverse(base=base):
            yield from parts(base)
        case _:
            pass


def traverses(expression: Bound) -> bool:
    """Does it follow a link?"""
    return isinstance(expression, Traverse) or (
        isinstance(expression, Apply) and any(traverses(a) for a in expression.arguments)
    )
