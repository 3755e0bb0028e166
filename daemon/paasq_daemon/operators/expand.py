"""A row for each item of a list."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from paasq_daemon.index.column import Ragged
from paasq_daemon.kernels.build import from_values
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import null_of
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.run import Run
from paasq_dsl.types import Kind

ROWS_MAX = 20_000_000  # what a list of ten items makes of two million records


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
        if total > ROWS_MAX:
            raise KernelError("PQ0701", f"expand would make {total:,} rows; {ROWS_MAX:,} is the most: filter before it")
        rows = np.repeat(np.arange(batch.length), lengths)
        places = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        items = lists.items.take(lists.offsets[:-1][rows] + places)
        item_type = lists.type.item
        if item_type is not None and item_type.kind is Kind.LIST:  # inner lists stand here as Python lists
            assert not isinstance(items, Ragged)
            items = from_values(item_type, items.values.tolist())
        expanded = batch.take(rows).extended({self.name: items})
        return replace(expanded, parts=(*expanded.parts, places))

    def describe(self) -> str:
        return f"expand {self.column}" + (f" as {self.name}" if self.name != self.column else "")
