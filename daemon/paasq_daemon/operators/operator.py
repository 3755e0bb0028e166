"""What an operator says about itself, and a row of them run or estimated one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_dsl.bound import BoundExpression
from paasq_dsl.catalog import Collection

EMPTY_BATCH = Batch(0)


class Operator(ABC):
    """A step of a physical plan. Immutable: one plan runs in many threads at once."""

    commutes_with_limit: ClassVar[bool] = False  # are the first rows after it those of the first rows before it?

    @abstractmethod
    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        """The rows after this step. Leaves `batch` unchanged; labels, facets and the cursor of the answer go into `context`.

        Raises EvaluationError where a value given to the stage is wrong or the result would be too large; Cancelled and
        BudgetExceeded from `context.cancel`.
        """

    @abstractmethod
    def describe(self) -> str:
        """The operator and its settings in one line, for explain."""

    @abstractmethod
    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        """How many rows are expected after this step where `rows` are before it."""

    @property
    def scanned_collection(self) -> Collection | None:
        """The collection whose records the rows are from here on; None where they stay what they were before."""
        return None

    @property
    def inner_pipelines(self) -> tuple[InnerPipeline, ...]:
        """The pipelines that this step runs, each with its name in explain."""
        return ()


InnerPipeline: TypeAlias = tuple[str, tuple[Operator, ...]]


class RowPreservingOperator(Operator):
    """As many rows after it as before it."""

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        del estimator
        return rows


@dataclass(frozen=True, kw_only=True)
class LimitedOperator(Operator):
    """Finds the first `limit` rows cheaper than all of them: a take after it sets the limit. These rows are the same as
    without, and in the same order."""

    limit: BoundExpression | int | None = None

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return min(rows, estimator.count(self.limit, rows))


def execute_pipeline(operators: Sequence[Operator], context: ExecutionContext) -> Batch:
    """The rows after the last of `operators`, of which the first one is a source. Raises as Operator.execute."""
    batch = EMPTY_BATCH
    for operator in operators:
        context.cancel.raise_if_cancelled()
        batch = operator.execute(context, batch)
    return batch


def estimate_pipeline(operators: Sequence[Operator], estimator: CardinalityEstimator, rows: float = 0.0) -> list[float]:
    """How many rows are expected after each of `operators` where `rows` are before the first."""
    estimates: list[float] = []
    for operator in operators:
        if (collection := operator.scanned_collection) is not None:
            estimator = replace(estimator, source=estimator.view.collection(collection.name))
        rows = operator.estimate(estimator, rows)
        estimates.append(rows)
    return estimates
