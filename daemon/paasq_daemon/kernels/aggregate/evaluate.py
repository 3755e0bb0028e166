"""Evaluation of aggregate calls over groups of rows: one value a group, or the group's value in each of its rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paasq_daemon.index.column import Column, ListColumn
from paasq_daemon.kernels.aggregate import statistics  # noqa: F401 -- registers its aggregates
from paasq_daemon.kernels.aggregate.functions import AGGREGATE_KERNELS
from paasq_daemon.kernels.aggregate.grouping import Groups
from paasq_daemon.kernels.context import EvaluationContext, RowSet
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import check_argument_types, evaluate, evaluate_scalar
from paasq_daemon.kernels.output_limits import MemoryLimit
from paasq_dsl.bound import FunctionCall
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.values import Value


def aggregate(name: str, arguments: Sequence[Column], groups: Groups, constants: Sequence[Value]) -> Column:
    """One value a group. `constants` are the arguments that are fixed for all rows: the per cent of a percentile.

    Raises EvaluationError, without a span, where an int sum leaves 64 bits or an argument is out of its range.
    """
    with np.errstate(all="ignore"):
        return AGGREGATE_KERNELS[name](groups, *arguments, *constants)


def evaluate_aggregate(call: FunctionCall, groups: Groups, rows: RowSet, run: EvaluationContext) -> Column:
    """One value a group, in the order of the groups.

    Raises EvaluationError, with the span of the call, where an int sum leaves 64 bits or an argument is out of its
    range.
    """
    fixed = FUNCTIONS[call.function].constant_arguments
    columns = [evaluate(argument, rows, run) for argument in call.arguments]
    check_argument_types(call, columns)
    arguments = [column for i, column in enumerate(columns) if i not in fixed]
    extra = [evaluate_scalar(call.arguments[i], run) for i in sorted(fixed)]
    try:
        return aggregate(call.function, arguments, groups, extra)
    except EvaluationError as error:
        raise error.at(call.span) from error


def aggregate_over_partition(call: FunctionCall, groups: Groups, rows: RowSet, run: EvaluationContext) -> Column:
    """The value of its group in each row. Raises EvaluationError as `evaluate_aggregate`, and PQ0794 where repeated
    lists would have more than OUTPUT_ITEMS_MAX items.
    """
    found = evaluate_aggregate(call, groups, rows, run)
    if isinstance(found, ListColumn):
        MemoryLimit(call.function, call.span, items=True).reserve(int(np.diff(found.offsets)[groups.group_ids].sum()))
    return found.take(groups.group_ids)
