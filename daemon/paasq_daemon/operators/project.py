"""select and extend: columns computed from columns."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show_item
from paasq_dsl.bound import Named


@dataclass(frozen=True)
class Project:
    """Adds or replaces columns. Which of them an answer shows is the schema's business."""

    items: tuple[Named, ...]
    word: str  # select or extend

    def run(self, run: Run, batch: Batch) -> Batch:
        run.cancel.check()
        return batch.extended({item.name: evaluate(item.value, batch, run.values) for item in self.items})

    def describe(self) -> str:
        return f"{self.word} " + ", ".join(show_item(item) for item in self.items)
