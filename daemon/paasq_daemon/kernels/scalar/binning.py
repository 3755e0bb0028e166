"""ranges(): between which bounds a value lies."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from paasq_daemon.index.column import Coded, Column
from paasq_daemon.kernels.columns import concatenate, objects, to_values
from paasq_daemon.kernels.context import Call, kernel
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import null_of, rows_of, together
from paasq_daemon.kernels.scalar.cast import written
from paasq_daemon.kernels.sort_keys import ranks
from paasq_dsl.types import KEYWORD, Kind


@kernel("ranges")
def ranges(call: Call, value: Column, *bounds: Column) -> Column:
    """Null where the value is. Raises KernelError where the bounds vary by row, are null, or do not ascend."""
    if rows_of(bounds) != 1 or any(bool(null_of(bound)[0]) for bound in bounds):
        raise KernelError("PQ0759", call.span)
    type_ = together(value.type, bounds, call.span)
    if value.type.kind is Kind.NULL:
        return Coded(KEYWORD, np.full(len(value), -1, np.int32), objects([]))
    order, _ = ranks(concatenate(type_, [*bounds, value]))
    edges, places = order[: len(bounds)], order[len(bounds) :]
    if (np.diff(edges) <= 0).any():
        raise KernelError("PQ0760", call.span)
    texts = [str(to_values(written(bound))[0]) for bound in bounds]
    labels = [f"..{texts[0]}", *(f"{low}..{high}" for low, high in pairwise(texts)), f"{texts[-1]}.."]
    codes = np.searchsorted(edges, places, side="right")
    return Coded(KEYWORD, np.where(null_of(value), -1, codes).astype(np.int32), objects(labels))
