"""A cascade of selections: `where a and b` is `where a | where b`."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.bound import BoundExpression, BoundStage, FunctionCall, WhereStage


def split_conjunctions(stages: tuple[BoundStage, ...]) -> tuple[BoundStage, ...]:
    """Each where has one condition, nested conjunctions flattened, in the order of the text; the schema is unchanged."""
    return tuple(part for stage in stages for part in (_cascade(stage) if isinstance(stage, WhereStage) else (stage,)))


def _cascade(stage: WhereStage) -> Iterator[WhereStage]:
    return (WhereStage(condition, schema=stage.schema) for condition in _conjuncts(stage.predicate))


def _conjuncts(predicate: BoundExpression) -> Iterator[BoundExpression]:
    if isinstance(predicate, FunctionCall) and predicate.function == "and":
        for argument in predicate.arguments:
            yield from _conjuncts(argument)
    else:
        yield predicate
