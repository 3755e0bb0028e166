"""The rewrite rules, in the order they are applied. Each takes the stages of a pipeline and gives stages that mean the same."""

from __future__ import annotations

from collections.abc import Callable

from paasq_daemon.plan.rules import merge_filters, order_conditions, push_filters
from paasq_dsl.bound import BoundStage

Rule = Callable[[tuple[BoundStage, ...]], tuple[BoundStage, ...]]

RULES: tuple[Rule, ...] = (
    push_filters.push_filters,
    merge_filters.merge_filters,
    order_conditions.order_conditions,
)


def rewrite(stages: tuple[BoundStage, ...]) -> tuple[BoundStage, ...]:
    for rule in RULES:
        stages = rule(stages)
    return stages
