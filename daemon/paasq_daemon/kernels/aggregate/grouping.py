"""Assignment of rows to groups, and aggregate kernels by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.aggregate import statistics  # noqa: F401 -- registers its aggregates
from paasq_daemon.kernels.aggregate.functions import AGGREGATE_KERNELS, Groups
from paasq_daemon.kernels.aggregate.value_counts import first_rows
from paasq_daemon.kernels.sort_keys import dense_ranks, factorize
from paasq_dsl.values import Value

__all__ = ["Groups", "aggregate", "group_rows"]


def group_rows(keys: Sequence[Column], length: int) -> Groups:
    """Groups of rows with equal values in all keys. Without keys there is one group, even of no rows."""
    codes, count = np.zeros(length, np.int64), 1
    for key in keys:
        more, distinct = dense_ranks(key)
        codes, count = factorize(codes * max(distinct, 1) + more)
    return Groups(codes, count, first_rows(codes, count))


def aggregate(name: str, arguments: Sequence[Column], groups: Groups, constants: Sequence[Value]) -> Column:
    """One value a group. `constants` are the arguments that are fixed for all rows: the per cent of a percentile.

    Raises EvaluationError, without a span, where an int sum leaves 64 bits or an argument is out of its range.
    """
    with np.errstate(all="ignore"):
        return AGGREGATE_KERNELS[name](groups, *arguments, *constants)
