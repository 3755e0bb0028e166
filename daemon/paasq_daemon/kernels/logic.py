"""and, or, not, and choices among values. A condition that is null is false."""

from __future__ import annotations

from functools import reduce

import numpy as np

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.operands import mask_column, null_of, pick, rows_of, together, truth
from paasq_daemon.kernels.run import Call, kernel


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
def if_(call: Call, condition: Column, then: Column, otherwise: Column) -> Column:
    columns = (then, otherwise)
    choice = np.where(truth(condition, call.span), 0, 1)
    rows = np.broadcast_to(choice, rows_of((condition, *columns)))
    return pick(together(call.type, columns, call.span), rows, columns)


@kernel("coalesce")
def coalesce(call: Call, *operands: Column) -> Column:
    choice = np.full(rows_of(operands), len(operands) - 1, np.int64)
    for i in range(len(operands) - 1, -1, -1):
        choice = np.where(null_of(operands[i]), choice, i)
    return pick(together(call.type, operands, call.span), choice, operands)
