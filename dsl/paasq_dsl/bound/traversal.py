"""Walks over a bound plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

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
    LookupStage,
    MatchStage,
    MomentValue,
    Named,
    NearStage,
    ParameterValue,
    PipelineValue,
    Traverse,
    UnionStage,
)  # fmt: skip
from paasq_dsl.catalog import Collection
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.types import Kind

T = TypeVar("T")

_EXPRESSIONS = (Constant, ParameterValue, MomentValue, ColumnValue, Apply, Traverse, PipelineValue)


def expressions(stage: BoundStage) -> Iterator[Bound]:
    """The expressions that a stage itself holds, those of pipelines inside it left out."""
    for part in fields(stage):
        value = getattr(stage, part.name)
        for item in value if isinstance(value, tuple) else (value,):
            match item:
                case Named(value=inner) | BoundSortKey(value=inner) | FacetCount(value=inner) | BoundAsOf(value=inner):
                    yield inner
                case _ if isinstance(item, _EXPRESSIONS):
                    yield item
                case _:
                    pass


def pipelines(stage: BoundStage) -> Iterator[tuple[BoundStage, ...]]:
    """Those inside a stage, its branches and those that its expressions hold."""
    yield from branches(stage)
    for expression in expressions(stage):
        yield from (value.stages for value in pipeline_values(expression))


def branches(stage: BoundStage) -> Iterator[tuple[BoundStage, ...]]:
    """The pipelines whose rows become rows of the stage."""
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


def collections_read(stages: Iterable[BoundStage]) -> frozenset[str]:
    """Those whose records the rows depend on."""
    found: set[str | None] = set()
    for stage in nested(stages):
        found.add(stage.schema.collection.name if stage.schema.collection else None)
        for expression in expressions(stage):
            found |= {part.collection for part in parts(expression) if isinstance(part, Traverse)}
        match stage:
            case LookupStage(collection=collection):
                found.add(collection.name)
            case NearStage(target=record) | MatchStage(words=record):
                found.add(record.type.name if record.type.kind is Kind.LINK else None)
            case _:
                pass
    return frozenset(name for name in found if name is not None)


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
        case _ if isinstance(part, _EXPRESSIONS):
            return change(part)
        case Named() | BoundSortKey() | FacetCount() | BoundAsOf() | FuseBranch():
            return _rewritten_parts(part, change)
        case _:
            return _rewritten_parts(part, change) if hasattr(part, "schema") else part  # a stage inside another


def _rewritten_parts(whole: Any, change: Callable[[Bound], Bound]) -> Any:
    return replace(whole, **{part.name: _rewritten(getattr(whole, part.name), change) for part in fields(whole)})


def parts(expression: Bound) -> list[Bound]:
    """An expression and all that it is made of."""
    return _reached(expression, children)


def pipeline_values(expression: Bound) -> Iterator[PipelineValue]:
    """Those in it that are asked of the row; what they hold themselves is left out."""
    return (part for part in parts(expression) if isinstance(part, PipelineValue))


def all_parts(expression: Bound) -> list[Bound]:
    """As `parts`, with all that the pipelines in it are made of."""
    return _reached(expression, all_children)


def _reached(expression: Bound, inside: Callable[[Bound], tuple[Bound, ...]]) -> list[Bound]:
    """Without recursion, for an expression may be deep."""
    found, at = [expression], 0
    while at < len(found):
        found += inside(found[at])
        at += 1
    return found


def all_children(part: Bound) -> tuple[Bound, ...]:
    return tuple(_held(part.stages)) if isinstance(part, PipelineValue) else children(part)


def _held(stages: Iterable[BoundStage]) -> Iterator[Bound]:
    for stage in stages:
        yield from expressions(stage)
        for inner in branches(stage):
            yield from _held(inner)


def children(part: Bound) -> tuple[Bound, ...]:
    if isinstance(part, Apply):
        return part.arguments
    return (part.base,) if isinstance(part, Traverse) else ()


def parameters(bound: Any) -> Iterator[ParameterValue]:
    """Those in a bound statement, wherever it holds one."""
    return instances(bound, ParameterValue)


def instances(whole: Any, kind: type[T]) -> Iterator[T]:
    """Every one of the kind that a plan, or a part of it, holds; what one holds itself is left out."""
    if isinstance(whole, kind):
        yield whole
    elif isinstance(whole, tuple):
        for each in whole:
            yield from instances(each, kind)
    elif is_dataclass(whole) and not isinstance(whole, Collection):
        for part in fields(whole):
            yield from instances(getattr(whole, part.name), kind)


def traverses(expression: Bound) -> bool:
    """Does it follow a link?"""
    return any(isinstance(part, Traverse) for part in parts(expression))
