"""select and extend with window functions or aggregates: columns computed from other rows than each row alone."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.kernels.window.evaluate import window_columns
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_daemon.operators.project import Project
from paasq_dsl.bound import Apply, Bound, ColumnValue
from paasq_dsl.bound.traversal import replaced, windows
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind

# what they give depends on rows behind theirs
_AHEAD = {"lead", "share", "rank", "dense_rank"} | {n for n, f in FUNCTIONS.items() if f.kind is FunctionKind.AGGREGATE}


@dataclass(frozen=True)
class Window:
    """As Project, whose expressions stand over the rows with a column more for each call of a window function or an aggregate.

    Each call runs over all rows, so none is skipped where an `if` does not ask for it.
    """

    project: Project
    keys: tuple[Bound, ...] = ()

    def run(self, run: Run, batch: Batch) -> Batch:
        run.cancel.check()
        names: dict[Apply, ColumnValue] = {}
        for item in self.project.items:
            for call in windows(item.value):
                names.setdefault(call, ColumnValue(f"`{len(names)}", call.type))  # as no column can be called
        if run.depth_cut and "depth" not in run.reasons and any(call.function in _AHEAD for call in names):
            run.reasons.append("depth")  # a row that fuse left out would have been seen
        columns = window_columns(names, self.keys, batch, run.values)
        run.cancel.check()
        wider = batch.extended({names[call].name: column for call, column in columns.items()})
        return batch.extended(
            {item.name: evaluate(replaced(item.value, names), wider, run.values) for item in self.project.items}
        )

    def describe(self) -> str:
        by = f" by {', '.join(map(show, self.keys))}" if self.keys else ""
        return f"{self.project.describe()}{by}"
