"""Columns left out."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run


@dataclass(frozen=True)
class Drop:
    """Nothing is fetched that nobody asks for: leaving a column out is the schema's business."""

    names: tuple[str, ...]

    def run(self, run: Run, batch: Batch) -> Batch:
        del run
        return batch

    def describe(self) -> str:
        return f"drop {', '.join(self.names)}"
