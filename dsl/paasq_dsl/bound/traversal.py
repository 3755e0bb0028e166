"""Walks over a bound plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from paasq_dsl.bound.expressions import (
    BoundExpression,
    ColumnRef,
    Constant,
    Dereference,
    FunctionCall,
    MomentRef,
    NamedExpression,
    ParameterRef,
    Subquery,
)
from paasq_dsl.bound.schema import BoundStage
from paasq_dsl.bound.stages import BoundAsOf, BoundSortKey, FacetCount, FuseBranch, FuseStage, UnionStage
from paasq_dsl.catalog import Collection
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind

T = TypeVar("T")

_EXPRESSIONS = (Constant, ParameterRef, MomentRef, ColumnRef, FunctionCall, Dereference, Subquery)


def stage_expressions(stage: BoundStage) -> Iterator[BoundExpression]:
    """The expressions that a stage itself holds, those of pipelines inside it left out."""
    for part in fields(stage):
        value = getattr(stage, part.name)
        for item in value if isinstance(value, tuple) else (value,):
            match item:
                case (
                    NamedExpression(value=inner)
                    | BoundSortKey(value=inner)
                    | FacetCount(value=inner)
                    | BoundAsOf(value=inner)
                ):
                    yield inner
                case _ if isinstance(item, _EXPRESSIONS):
                    yield item
                case _:
                    pass


def nested_pipelines(stage: BoundStage) -> Iterator[tuple[BoundStage, ...]]:
    """Those inside a stage, its branches and those that its expressions hold."""
    yield from input_pipelines(stage)
    for expression in stage_expressions(stage):
        yield from (value.stages for value in subqueries(expression))


def input_pipelines(stage: BoundStage) -> Iterator[tuple[BoundStage, ...]]:
    """The pipelines whose rows become rows of the stage."""
    match stage:
        case FuseStage(branches=branches):
            yield from (branch.stages for branch in branches)
        case UnionStage(pipelines=inner):
            yield from inner
        case _:
            pass


def walk_stages(stages: Iterable[BoundStage]) -> Iterator[BoundStage]:
    """The stages, those of pipelines inside them too."""
    for stage in stages:
        yield stage
        for inner in nested_pipelines(stage):
            yield from walk_stages(inner)


def window_calls(expression: BoundExpression) -> Iterator[FunctionCall]:
    """The calls in it that look at other rows, of window functions and of aggregates; none is nested in another."""
    for part in walk_expression(expression):
        found = FUNCTIONS.get(part.function) if isinstance(part, FunctionCall) else None
        if isinstance(part, FunctionCall) and found and found.kind is not FunctionKind.SCALAR:
            yield part


def substitute(expression: BoundExpression, replacements: Mapping[FunctionCall, BoundExpression]) -> BoundExpression:
    """The expression with other parts in the place of these calls."""
    match expression:
        case FunctionCall() if (found := replacements.get(expression)) is not None:
            return found
        case FunctionCall(arguments=arguments):
            return replace(expression, arguments=tuple(substitute(argument, replacements) for argument in arguments))
        case Dereference(base=base):
            return replace(expression, base=substitute(base, replacements))
        case _:
            return expression


def map_expressions(stage: BoundStage, transform: Callable[[BoundExpression], BoundExpression]) -> BoundStage:
    """The stage with each of its expressions changed, those of pipelines inside it too."""
    return cast("BoundStage", _rewritten_parts(stage, transform))


def _rewritten(part: Any, change: Callable[[BoundExpression], BoundExpression]) -> Any:
    match part:
        case tuple():
            return tuple(_rewritten(each, change) for each in part)
        case _ if isinstance(part, _EXPRESSIONS):
            return change(part)
        case NamedExpression() | BoundSortKey() | FacetCount() | BoundAsOf() | FuseBranch():
            return _rewritten_parts(part, change)
        case _:
            return _rewritten_parts(part, change) if hasattr(part, "schema") else part  # a stage inside another


def _rewritten_parts(whole: Any, change: Callable[[BoundExpression], BoundExpression]) -> Any:
    return replace(whole, **{part.name: _rewritten(getattr(whole, part.name), change) for part in fields(whole)})


def walk_expression(expression: BoundExpression) -> list[BoundExpression]:
    """An expression and all that it is made of."""
    return _walk(expression, children)


def subqueries(expression: BoundExpression) -> Iterator[Subquery]:
    """Those in it that are asked of the row; what they hold themselves is left out."""
    return (part for part in walk_expression(expression) if isinstance(part, Subquery))


def walk_with_subqueries(expression: BoundExpression) -> list[BoundExpression]:
    """As `parts`, with all that the pipelines in it are made of."""
    return _walk(expression, children_with_subqueries)


def _walk(
    expression: BoundExpression, inside: Callable[[BoundExpression], tuple[BoundExpression, ...]]
) -> list[BoundExpression]:
    """Without recursion, for an expression may be deep."""
    found, at = [expression], 0
    while at < len(found):
        found += inside(found[at])
        at += 1
    return found


def children_with_subqueries(part: BoundExpression) -> tuple[BoundExpression, ...]:
    """As `children`; of a subquery, all expressions that its stages hold."""
    return tuple(_held_expressions(part.stages)) if isinstance(part, Subquery) else children(part)


def _held_expressions(stages: Iterable[BoundStage]) -> Iterator[BoundExpression]:
    for stage in stages:
        yield from stage_expressions(stage)
        for inner in input_pipelines(stage):
            yield from _held_expressions(inner)


def children(part: BoundExpression) -> tuple[BoundExpression, ...]:
    """The direct operands of an expression; none for a leaf or a subquery."""
    if isinstance(part, FunctionCall):
        return part.arguments
    return (part.base,) if isinstance(part, Dereference) else ()


def parameter_refs(bound: Any) -> Iterator[ParameterRef]:
    """Those in a bound statement, wherever it holds one."""
    return find_all(bound, ParameterRef)


def find_all(whole: Any, kind: type[T]) -> Iterator[T]:
    """Every one of the kind that a plan, or a part of it, holds; what one holds itself is left out."""
    if isinstance(whole, kind):
        yield whole
    elif isinstance(whole, tuple):
        for each in whole:
            yield from find_all(each, kind)
    elif is_dataclass(whole) and not isinstance(whole, Collection):
        for part in fields(whole):
            yield from find_all(getattr(whole, part.name), kind)


def has_dereference(expression: BoundExpression) -> bool:
    """Does it follow a link?"""
    return any(isinstance(part, Dereference) for part in walk_expression(expression))
