"""Calls of aggregates over rows in groups: a value for each group, or for each row the one of its group."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Column, Ragged
from paasq_daemon.kernels.aggregate.grouping import Groups, aggregate
from paasq_daemon.kernels.context import Rows, RunValues
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import check_arguments, evaluate, scalar
from paasq_daemon.kernels.memory_limit import Room
from paasq_dsl.bound import Apply
from paasq_dsl.functions import FUNCTIONS


def aggregated(call: Apply, groups: Groups, rows: Rows, run: RunValues) -> Column:
    """One value a group, in the order of the groups.

    Raises KernelError, with the place of the call, where a sum leaves 64 bits or an argument is out of its range.
    """
    fixed = FUNCTIONS[call.function].fixed
    columns = [evaluate(argument, rows, run) for argument in call.arguments]
    check_arguments(call, columns)
    arguments = [column for i, column in enumerate(columns) if i not in fixed]
    extra = [scalar(call.arguments[i], run) for i in sorted(fixed)]
    try:
        return aggregate(call.function, arguments, groups, extra)
    except KernelError as error:
        raise error.at(call.span) from error


def beside(call: Apply, groups: Groups, rows: Rows, run: RunValues) -> Column:
    """For each row the value of its group. Raises KernelError as `aggregated`, and where lists would fill the memory."""
    found = aggregated(call, groups, rows, run)
    if isinstance(found, Ragged):
        Room(call.function, call.span, items=True).take(int(np.diff(found.offsets)[groups.codes].sum()))
    return found.take(groups.codes)
