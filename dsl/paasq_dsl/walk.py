"""Walks over a bound plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

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
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind


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


def windows(expression: Bound) -> Iterator[Apply]:
    """The calls of window functions in it; none stands in another."""
    match expression:
        case Apply(function=name) if (found := FUNCTIONS.get(name)) and found.kind is FunctionKind.WINDOW:
            yield expression
        case Apply(arguments=arguments):
            for argument in arguments:
                yield from windows(argument)
        case Traverse(base=base):
            yield from windows(base)
        case _:
            pass


def replaced(expression: Bound, parts: Mapping[Apply, Bound]) -> Bound:
    """The expression with other parts in the place of these calls."""
    match expression:
        case Apply() if (found := parts.get(expression)) is not None:
            return found
        case Apply(arguments=arguments):
            return replace(expression, arguments=tuple(replaced(argument, parts) for argument in arguments))
        case Traverse(base=base):
            return replace(expression, base=replaced(base, parts))
        case _:
            return expression


def traverses(expression: Bound) -> bool:
    """Does it follow a link?"""
    return isinstance(expression, Traverse) or (
        isinstance(expression, Apply) and any(traverses(a) for a in expression.arguments)
    )
