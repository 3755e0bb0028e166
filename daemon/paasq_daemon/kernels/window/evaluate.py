"""Evaluation of window functions and of aggregates over partitions, one value in each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.aggregate.evaluate import aggregate_over_partition
from paasq_daemon.kernels.aggregate.grouping import Groups, group_rows
from paasq_daemon.kernels.context import EvaluationContext, KernelCall, RowSet
from paasq_daemon.kernels.evaluate import check_argument_types, evaluate, evaluate_scalar
from paasq_daemon.kernels.window.frames import Frames
from paasq_daemon.kernels.window.functions import WINDOW_KERNELS, WindowCall
from paasq_dsl.bound import BoundExpression, ColumnRef, FunctionCall
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind


def evaluate_window_calls(
    calls: Iterable[FunctionCall], keys: Sequence[BoundExpression], rows: RowSet, run: EvaluationContext
) -> dict[FunctionCall, Column]:
    """The column of each call, in the order of the rows. Partitions are rows with equal values in all keys.

    Raises EvaluationError where a value cannot be computed with, or times do not ascend as a function requires.
    """
    groups = group_rows([evaluate(key, rows, run) for key in keys], rows.length)
    all_calls = list(calls)
    found = {call: aggregate_over_partition(call, groups, rows, run) for call in all_calls if _is_aggregate(call)}
    if len(found) < len(all_calls):
        ranges, order = _group_by_group(groups) if keys else (_all_rows(rows.length), None)
        found |= {
            call: _evaluate_window_call(call, ranges, order, rows, run) for call in all_calls if call not in found
        }
    return found


def _is_aggregate(call: FunctionCall) -> bool:
    return FUNCTIONS[call.function].kind is FunctionKind.AGGREGATE


def _all_rows(length: int) -> Frames:
    return Frames(np.zeros(length, np.int64), np.full(length, length))


def _group_by_group(groups: Groups) -> tuple[Frames, Ints]:
    """The rows in such an order, and where the group of each begins and ends there."""
    order = np.argsort(groups.group_ids, kind="stable").astype(np.int64)
    grouped = groups.group_ids[order]
    return Frames(np.searchsorted(grouped, grouped), np.searchsorted(grouped, grouped, side="right")), order


def _evaluate_window_call(
    call: FunctionCall, groups: Frames, order: Ints | None, rows: RowSet, run: EvaluationContext
) -> Column:
    """`groups` are of the rows in `order`; None is the order they have."""
    function = FUNCTIONS[call.function]
    columns = [evaluate(argument, rows, run) for argument in call.arguments]
    check_argument_types(call, columns)
    arguments = [
        evaluate_scalar(argument, run)
        if i in function.constant_arguments
        else column
        if order is None
        else column.take(order)
        for i, (argument, column) in enumerate(zip(call.arguments, columns, strict=True))
    ]
    names = tuple(argument.name if isinstance(argument, ColumnRef) else None for argument in call.arguments)
    window = WindowCall(KernelCall(call.type, call.span, rows, run), groups, names)
    with np.errstate(all="ignore"):  # what is not a number becomes null
        found = WINDOW_KERNELS[call.function](window, *arguments)
    return found if order is None else found.take(np.argsort(order))
