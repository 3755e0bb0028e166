"""Columns under other names."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import ExecutionContext


@dataclass(frozen=True)
class Rename:
    """`names` are pairs (new, old)."""

    names: tuple[tuple[str, str], ...]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        del context
        return batch.renamed(dict(self.names))

    def describe(self) -> str:
        return "rename " + ", ".join(f"{new} = {old}" for new, old in self.names)
