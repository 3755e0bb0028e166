"""select and extend: columns computed from columns."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.run import Run
from paasq_daemon.operators.show import show
from paasq_dsl.bound import ColumnValue, Named


@dataclass(frozen=True)
class Project:
    """Adds or replaces columns. Which of them an answer shows is the schema's business."""

    items: tuple[Named, ...]
    word: str  # select or extend

    def run(self, run: Run, batch: Batch) -> Batch:
        run.cancel.check()
        return batch.extended({item.name: evaluate(item.value, batch, run.values) for item in self.items})

    def describe(self) -> str:
        return f"{self.word} " + ", ".join(_item(item) for item in self.items)


def _item(item: Named) -> str:
    if isinstance(item.value, ColumnValue) and item.value.name == item.name:
        return item.name
    return f"{item.name} = {show(item.value)}"
