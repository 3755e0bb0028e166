"""Where a row comes from, as one word."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.kernels.columns import column_from_values, column_to_values
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.column_fetch import fetch_column
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.operator import RowPreservingOperator
from paasq_daemon.operators.spec import OperatorSpec, PipelinePlanner
from paasq_dsl.bound import CiteStage
from paasq_dsl.citations import Citation
from paasq_dsl.types import KEYWORD
from paasq_dsl.values import Value


@dataclass(frozen=True)
class Cite(RowPreservingOperator):
    """`collection:key@version`, and after it `.field[start..end]` where the row is a passage."""

    collection: str
    of_passage: bool

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        keys, versions = (map(str, _kept(batch, name)) for name in ("_key", "_version"))
        parts = column_to_values(batch.column("_passage")) if self.of_passage else [None] * batch.length
        cited = [
            f"{Citation(self.collection, key, int(version))}" + (f".{part}" if isinstance(part, str) else "")
            for key, version, part in zip(keys, versions, parts, strict=True)
        ]
        return batch.with_columns({"_cite": column_from_values(KEYWORD, cited)})

    def describe(self) -> str:
        return "cite"


def _kept(batch: Batch, name: str) -> list[Value]:
    """What the store keeps of each record, whatever column is called so by now."""
    if batch.source is None or batch.ordinals is None:
        return []
    return column_to_values(fetch_column(batch.source, name, batch.ordinals))


def _build(stage: CiteStage, _: PipelinePlanner) -> Cite:
    assert stage.schema.collection is not None
    return Cite(stage.schema.collection.name, stage.cites_passage)


OPERATORS = (OperatorSpec(CiteStage, _build),)
