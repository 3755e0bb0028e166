"""Predicate ordering: conditions on columns first, then those that follow links, then those that read text from records."""

from __future__ import annotations

from itertools import groupby

from paasq_daemon.kernels.evaluate import referenced_columns
from paasq_dsl.bound import BoundStage, WhereStage
from paasq_dsl.bound.traversal import has_dereference
from paasq_dsl.types import TypeKind


def reorder_predicates(stages: tuple[BoundStage, ...]) -> tuple[BoundStage, ...]:
    """Adjacent where stages by ascending cost; those of equal cost keep their order."""
    ordered: list[BoundStage] = []
    for _, group in groupby(stages, lambda stage: isinstance(stage, WhereStage)):
        ordered += sorted(group, key=_cost)
    return tuple(ordered)


def _cost(stage: BoundStage) -> int:
    if not isinstance(stage, WhereStage):
        return 0
    condition, columns = stage.predicate, stage.schema.columns_by_name
    kinds = {columns[name].type.kind for name in referenced_columns(condition) if name in columns}
    return 2 if kinds & {TypeKind.TEXT, TypeKind.BYTES, TypeKind.VECTOR} else 1 if has_dereference(condition) else 0
