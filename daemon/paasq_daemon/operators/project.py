"""select and extend: columns computed from columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from paasq_daemon.kernels.evaluate import evaluate, referenced_columns
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import show_item
from paasq_daemon.operators.operator import RowPreservingOperator
from paasq_daemon.operators.spec import OperatorSpec
from paasq_daemon.operators.window import Window
from paasq_dsl.bound import BoundExpression, ExtendStage, NamedExpression, SelectStage
from paasq_dsl.bound.traversal import window_calls


@dataclass(frozen=True)
class Project(RowPreservingOperator):
    """Adds or replaces columns. Which of them an answer shows is the schema's business."""

    commutes_with_limit = True
    items: tuple[NamedExpression, ...]
    word: str  # select or extend

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        batch.prefetch(self._columns_read)
        return batch.with_columns({item.name: evaluate(item.value, batch, context.evaluation) for item in self.items})

    def describe(self) -> str:
        return f"{self.word} " + ", ".join(show_item(item) for item in self.items)

    @cached_property
    def _columns_read(self) -> frozenset[str]:
        return referenced_columns(*(item.value for item in self.items))


def _build(items: tuple[NamedExpression, ...], word: str, keys: tuple[BoundExpression, ...] = ()) -> Project | Window:
    return Window(items, word, keys) if _has_window_calls(items) else Project(items, word)


def _needs_of(stage: SelectStage | ExtendStage) -> Iterator[Capability]:
    if _has_window_calls(stage.items):
        yield Capability.WINDOWS


def _has_window_calls(items: Iterable[NamedExpression]) -> bool:
    return any(any(window_calls(item.value)) for item in items)


OPERATORS = (
    OperatorSpec(SelectStage, lambda s, _: _build(s.items, "select"), needs_of=_needs_of),
    OperatorSpec(ExtendStage, lambda s, _: _build(s.items, "extend", s.partition_keys), needs_of=_needs_of),
)
