"""`where a | where b` is `where a and b`."""

from __future__ import annotations

from paasq_daemon.operators.filter import split_conjunction
from paasq_dsl.bound import BoundStage, FunctionCall, WhereStage
from paasq_dsl.types import BOOL


def merge_filters(stages: tuple[BoundStage, ...]) -> tuple[BoundStage, ...]:
    """Adjacent where stages become one with the conjunction of their conditions, in order; the schema is unchanged."""
    merged: list[BoundStage] = []
    for stage in stages:
        before = merged[-1] if merged else None
        if isinstance(stage, WhereStage) and isinstance(before, WhereStage):
            both = (*split_conjunction(before.predicate), *split_conjunction(stage.predicate))
            merged[-1] = WhereStage(FunctionCall("and", both, BOOL), schema=before.schema)
        else:
            merged.append(stage)
    return tuple(merged)
