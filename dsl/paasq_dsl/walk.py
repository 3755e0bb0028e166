"""Walks over a bound plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

from paasq_dsl.bound import (
    Apply,
    Bound,
    BoundAsOf,
    BoundSortKey,
    BoundStage,
    ColumnValue,
    Constant,
    FacetCount,
    FuseBranch,
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


def nested(stages: Iterable[BoundStage]) -> Iterator[BoundStage]:
    """The stages, those of pipelines inside them too."""
    for stage in stages:
        yield stage
        for inner in pipelines(stage):
            yield from nested(inner)


def windows(expression: Bound) -> Iterator[Apply]:
    """The calls in it that look at other rows, of window functions and of aggregates; none stands in another."""
    for part in parts(expression):
        found = FUNCTIONS.get(part.function) if isinstance(part, Apply) else None
        if isinstance(part, Apply) and found and found.kind is not FunctionKind.SCALAR:
            yield part


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


def rewritten(stage: BoundStage, change: Callable[[Bound], Bound]) -> BoundStage:
    """The stage with each of its expressions changed, those of pipelines inside it too."""
    return cast("BoundStage", _rewritten_parts(stage, change))


def _rewritten(part: Any, change: Callable[[Bound], Bound]) -> Any:
    match part:
        case tuple():
            return tuple(_rewritten(each, change) for each in part)
        case Constant() | ParameterValue() | MomentValue() | ColumnValue() | Apply() | Traverse():
            return change(part)
        case Named() | BoundSortKey() | FacetCount() | BoundAsOf() | FuseBranch():
            return _rewritten_parts(part, change)
        case _:
            return _rewritten_parts(part, change) if hasattr(part, "schema") else part  # a stage inside another


def _rewritten_parts(whole: Any, change: Callable[[Bound], Bound]) -> Any:
    return replace(whole, **{part.name: _rewritten(getattr(whole, part.name), change) for part in fields(whole)})


def parts(expression: Bound) -> list[Bound]:
    """An expression and all that it is made of; found without recursion."""
    found, at = [expression], 0
    while at < len(found):
        found += children(found[at])
        at += 1
    return found


def children(part: Bound) -> tuple[Bound, ...]:
    if isinstance(part, Apply):
        return part.arguments
    return (part.base,) if isinstance(part, Traverse) else ()


def parameters(bound: Any) -> Iterator[ParameterValue]:
    """Those in a bound statement, wherever it holds one."""
    if isinstance(bound, ParameterValue):
        yield bound
    elif isinstance(bound, tuple):
        for each in bound:
            yield from parameters(each)
    elif is_dataclass(bound):
        for part in fields(bound):
            yield from parameters(getattr(bound, part.name))


def traverses(expression: Bound) -> bool:
    """Does it follow a link?"""
    return any(isinstance(part, Traverse) for part in parts(expression))
