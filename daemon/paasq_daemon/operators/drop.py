"""Columns left out."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.operator import RowPreservingOperator
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import DropStage


@dataclass(frozen=True)
class Drop(RowPreservingOperator):
    """Nothing is fetched that nobody asks for: leaving a column out is the schema's business."""

    commutes_with_limit = True
    names: tuple[str, ...]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        del context
        return batch

    def describe(self) -> str:
        return f"drop {', '.join(self.names)}"


OPERATORS = (OperatorSpec(DropStage, lambda s, _: Drop(s.names)),)
