"""Filter pushdown: a where moves before retrieval, sort, and stages that add columns or copy rows, where no row
changes.

Scores of match and near do not depend on a filter, so `near | where` is `where | near`: the nearest of the rows that
pass. A fuse is different: which rows its branches return depends on the filter, so a where after it stays after it.
"""

from __future__ import annotations

from paasq_daemon.kernels.evaluate import referenced_columns
from paasq_dsl.bound import (
    BoundExpression,
    BoundStage,
    Dereference,
    DropStage,
    ExpandStage,
    ExtendStage,
    FunctionCall,
    LookupStage,
    MatchStage,
    NearStage,
    RenameStage,
    RerankStage,
    SortStage,
    WhereStage,
)  # fmt: skip
from paasq_dsl.bound.traversal import window_calls

_OF_MATCH = frozenset({"snippet", "highlight", "highlights"})  # what they give depends on the match before them


def push_down_filters(stages: tuple[BoundStage, ...]) -> tuple[BoundStage, ...]:
    """Each where at the earliest position that gives the same rows, but after the first stage; the order of others is kept."""
    pushed: list[BoundStage] = []
    for stage in stages:
        at = len(pushed)
        if isinstance(stage, WhereStage):
            while at > 1 and _may_pass(stage, pushed[at - 1]):
                at -= 1
        if at < len(pushed) and isinstance(stage, WhereStage):
            pushed.insert(at, WhereStage(stage.predicate, schema=pushed[at - 1].schema))
        else:
            pushed.append(stage)
    return tuple(pushed)


def _may_pass(where: WhereStage, stage: BoundStage) -> bool:
    read = referenced_columns(where.predicate)
    match stage:
        case SortStage():
            return True
        case MatchStage():
            return "_score" not in read and not _calls(where.predicate, _OF_MATCH)
        case NearStage() | RerankStage():
            return "_score" not in read
        case ExtendStage(items=items):
            looks_around = any(any(window_calls(item.value)) for item in items)  # fewer rows would be another group
            return not looks_around and read.isdisjoint(item.name for item in items)
        case DropStage():
            return True
        case RenameStage(names=names):
            return read.isdisjoint(name for pair in names for name in pair)
        case ExpandStage(name=name):
            return name not in read
        case LookupStage(name=name):
            return not any(column.startswith(f"{name}.") for column in read)
        case _:
            return False


def _calls(expression: BoundExpression, functions: frozenset[str]) -> bool:
    match expression:
        case FunctionCall(function=name, arguments=arguments):
            return name in functions or any(_calls(argument, functions) for argument in arguments)
        case Dereference(base=base):
            return _calls(base, functions)
        case _:
            return False
