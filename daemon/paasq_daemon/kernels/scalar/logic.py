"""and, or, not, and choices among values. A condition that is null is false."""

from __future__ import annotations

from functools import reduce

import numpy as np

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.columns import broadcast, null_column
from paasq_daemon.kernels.context import KERNELS, Call, kernel
from paasq_daemon.kernels.operands import mask_column, null_of, pick, restrict, rows_of, together, truth
from paasq_daemon.kernels.scalar.comparison import equal
from paasq_dsl.types import NULL


@kernel("and")
def and_(call: Call, *operands: Column) -> Column:
    return mask_column(reduce(np.logical_and, [truth(o, call.span) for o in operands]))


@kernel("or")
def or_(call: Call, *operands: Column) -> Column:
    return mask_column(reduce(np.logical_or, [truth(o, call.span) for o in operands]))


@kernel("not")
def not_(call: Call, operand: Column) -> Column:
    return mask_column(~truth(operand, call.span))


@kernel("is_null")
def is_null(_: Call, operand: Column) -> Column:
    return mask_column(null_of(operand))


@kernel("if")
def if_(call: Call, *operands: Column) -> Column:
    """Pairs of a condition and a value, and a value for the rest or none. Of `case` too."""
    conditions, values = operands[: len(operands) // 2 * 2 : 2], [*operands[1::2]]
    values.append(operands[-1] if len(operands) % 2 else null_column(NULL, 1))
    choice = np.full(rows_of(operands), len(conditions), np.int64)
    for i in range(len(conditions) - 1, -1, -1):
        choice = np.where(truth(conditions[i], call.span), i, choice)
    return pick(together(call.type, values, call.span), choice, values)


KERNELS["case"] = if_


@kernel("null_if")
def null_if(call: Call, value: Column, other: Column) -> Column:
    rows = rows_of((value, other))
    return restrict(broadcast(value, rows), ~equal(value, other, call.span))


@kernel("coalesce")
def coalesce(call: Call, *operands: Column) -> Column:
    choice = np.full(rows_of(operands), len(operands) - 1, np.int64)
    for i in range(len(operands) - 1, -1, -1):
        choice = np.where(null_of(operands[i]), choice, i)
    return pick(together(call.type, operands, call.span), choice, operands)
