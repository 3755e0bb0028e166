"""select and extend with window functions or aggregates: columns computed from other rows than each row alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from paasq_daemon.kernels.evaluate import evaluate, referenced_columns
from paasq_daemon.kernels.window.evaluate import evaluate_window_calls
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.call_columns import call_columns
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text, show_item
from paasq_daemon.operators.operator import RowPreservingOperator
from paasq_dsl.bound import BoundExpression, ColumnRef, FunctionCall, NamedExpression
from paasq_dsl.bound.traversal import substitute
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind

# what they give depends on rows after theirs
_AHEAD = {"lead", "share", "rank", "dense_rank"} | {n for n, f in FUNCTIONS.items() if f.kind is FunctionKind.AGGREGATE}


@dataclass(frozen=True)
class Window(RowPreservingOperator):
    """As Project, whose expressions are over the rows with a column more for each call of a window function or an aggregate.

    Each call runs over all rows, so none is skipped where an `if` does not ask for it.
    """

    items: tuple[NamedExpression, ...]
    word: str  # select or extend
    keys: tuple[BoundExpression, ...] = ()

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        names = self._call_columns
        if context.depth_limited and "depth" not in context.reasons and any(call.function in _AHEAD for call in names):
            context.reasons.append("depth")  # a row that fuse left out would have been seen
        batch.prefetch(self._columns_read)
        columns = evaluate_window_calls(names, self.keys, batch, context.evaluation)
        context.cancel.raise_if_cancelled()
        wider = batch.with_columns({names[call].name: column for call, column in columns.items()})
        wider.prefetch(referenced_columns(*self._substituted.values()))
        found = {name: evaluate(value, wider, context.evaluation) for name, value in self._substituted.items()}
        return batch.with_columns(found)

    def describe(self) -> str:
        by = f" by {', '.join(map(expression_text, self.keys))}" if self.keys else ""
        return f"{self.word} " + ", ".join(map(show_item, self.items)) + by

    @cached_property
    def _call_columns(self) -> dict[FunctionCall, ColumnRef]:
        return call_columns(item.value for item in self.items)

    @cached_property
    def _substituted(self) -> dict[str, BoundExpression]:
        """The items over the rows with a column for each call."""
        return {item.name: substitute(item.value, self._call_columns) for item in self.items}

    @cached_property
    def _columns_read(self) -> frozenset[str]:
        return referenced_columns(*self.keys, *self._call_columns)
