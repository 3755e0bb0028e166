"""Predicate ordering: conditions on columns first, then those that follow links, then those that read text from records."""

from __future__ import annotations

from paasq_daemon.kernels.evaluate import referenced_columns
from paasq_daemon.operators.filter import split_conjunction
from paasq_dsl.bound import BoundExpression, BoundStage, FunctionCall, Schema, WhereStage
from paasq_dsl.bound.traversal import has_dereference
from paasq_dsl.types import BOOL, TypeKind


def reorder_predicates(stages: tuple[BoundStage, ...]) -> tuple[BoundStage, ...]:
    """The conditions of each where by ascending cost; those of equal cost keep their order."""
    return tuple(_ordered(stage) if isinstance(stage, WhereStage) else stage for stage in stages)


def _ordered(stage: WhereStage) -> WhereStage:
    parts = split_conjunction(stage.predicate)
    if len(parts) == 1:
        return stage
    by_cost = tuple(sorted(parts, key=lambda part: _cost(part, stage.schema)))
    return WhereStage(FunctionCall("and", by_cost, BOOL), schema=stage.schema)


def _cost(condition: BoundExpression, schema: Schema) -> int:
    kinds = {
        schema.columns_by_name[name].type.kind
        for name in referenced_columns(condition)
        if name in schema.columns_by_name
    }
    return 2 if kinds & {TypeKind.TEXT, TypeKind.BYTES, TypeKind.VECTOR} else 1 if has_dereference(condition) else 0
