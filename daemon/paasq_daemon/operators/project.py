"""select and extend: columns computed from columns."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.kernels.evaluate import evaluate, referenced_columns
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import show_item
from paasq_dsl.bound import NamedExpression


@dataclass(frozen=True)
class Project:
    """Adds or replaces columns. Which of them an answer shows is the schema's business."""

    items: tuple[NamedExpression, ...]
    word: str  # select or extend

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        batch.prefetch(referenced_columns(*(item.value for item in self.items)))
        return batch.with_columns({item.name: evaluate(item.value, batch, context.evaluation) for item in self.items})

    def describe(self) -> str:
        return f"{self.word} " + ", ".join(show_item(item) for item in self.items)
