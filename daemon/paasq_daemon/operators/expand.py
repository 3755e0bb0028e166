"""A row for each item of a list."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from paasq_daemon.index.column import Column, Ragged
from paasq_daemon.kernels.columns import from_values, to_values
from paasq_daemon.kernels.operands import null_of
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.row_limits import check_rows
from paasq_dsl.types import Kind


@dataclass(frozen=True)
class Expand:
    """The items of one list stay together, in their order. An empty list and null give no row."""

    column: str
    name: str

    def run(self, run: Run, batch: Batch) -> Batch:
        run.cancel.check()
        lists = batch.column(self.column)
        assert isinstance(lists, Ragged)
        lengths = np.where(null_of(lists), 0, np.diff(lists.offsets))
        total = int(lengths.sum())
        check_rows("expand", total)
        rows = np.repeat(np.arange(batch.length), lengths)
        places = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        items: Column = lists.items.take(lists.offsets[:-1][rows] + places)
        if items.type.kind is Kind.LIST:  # inner lists stand here as Python lists
            items = from_values(items.type, to_values(items))
        expanded = batch.take(rows).extended({self.name: items})
        return replace(expanded, parts=(*expanded.parts, places))

    def describe(self) -> str:
        return f"expand {self.column}" + (f" as {self.name}" if self.name != self.column else "")
