"""Conditions that only look at columns come before those that follow links, and these before those that read text."""

from __future__ import annotations

from paasq_daemon.kernels.evaluate import columns_of
from paasq_daemon.plan.rules.merge_filters import conjuncts
from paasq_dsl.bound import Apply, Bound, BoundStage, Schema, WhereStage
from paasq_dsl.bound.traversal import traverses
from paasq_dsl.types import BOOL, Kind


def order_conditions(stages: tuple[BoundStage, ...]) -> tuple[BoundStage, ...]:
    return tuple(_ordered(stage) if isinstance(stage, WhereStage) else stage for stage in stages)


def _ordered(stage: WhereStage) -> WhereStage:
    parts = conjuncts(stage.predicate)
    if len(parts) == 1:
        return stage
    by_cost = tuple(sorted(parts, key=lambda part: _cost(part, stage.schema)))
    return WhereStage(Apply("and", by_cost, BOOL), schema=stage.schema)


def _cost(condition: Bound, schema: Schema) -> int:
    kinds = {schema.by_name[name].type.kind for name in columns_of(condition) if name in schema.by_name}
    return 2 if kinds & {Kind.TEXT, Kind.BYTES, Kind.VECTOR} else 1 if traverses(condition) else 0
