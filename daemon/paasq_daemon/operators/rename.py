"""Columns under other names."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.operator import RowPreservingOperator
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import RenameStage


@dataclass(frozen=True)
class Rename(RowPreservingOperator):
    """`names` are pairs (new, old)."""

    commutes_with_limit = True
    names: tuple[tuple[str, str], ...]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        del context
        return batch.renamed(dict(self.names))

    def describe(self) -> str:
        return "rename " + ", ".join(f"{new} = {old}" for new, old in self.names)


OPERATORS = (OperatorSpec(RenameStage, lambda s, _: Rename(s.names)),)
