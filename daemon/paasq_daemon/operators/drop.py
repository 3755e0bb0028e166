"""Columns left out."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import ExecutionContext


@dataclass(frozen=True)
class Drop:
    """Nothing is fetched that nobody asks for: leaving a column out is the schema's business."""

    names: tuple[str, ...]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        del context
        return batch

    def describe(self) -> str:
        return f"drop {', '.join(self.names)}"
