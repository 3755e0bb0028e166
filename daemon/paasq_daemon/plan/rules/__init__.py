"""The rewrite rules in the order of application. Each maps the stages of a pipeline to equivalent stages."""

from __future__ import annotations

from collections.abc import Callable

from paasq_daemon.plan.rules import push_down_filters, reorder_predicates, split_conjunctions
from paasq_dsl.bound import BoundStage

Rule = Callable[[tuple[BoundStage, ...]], tuple[BoundStage, ...]]

RULES: tuple[Rule, ...] = (
    push_down_filters.push_down_filters,
    split_conjunctions.split_conjunctions,
    reorder_predicates.reorder_predicates,
)


def apply_rules(stages: tuple[BoundStage, ...]) -> tuple[BoundStage, ...]:
    """The stages after all rules, each applied once."""
    for rule in RULES:
        stages = rule(stages)
    return stages
