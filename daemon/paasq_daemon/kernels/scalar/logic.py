"""Boolean operators and conditional functions. A condition that is null is false; one that is not bool raises
EvaluationError PQ0304.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.columns import broadcast, null_column
from paasq_daemon.kernels.context import SCALAR_KERNELS, KernelCall, scalar_kernel
from paasq_daemon.kernels.operands import (
    bool_column,
    choose,
    common_type,
    condition_mask,
    null_mask,
    null_outside,
    row_count,
)
from paasq_daemon.kernels.scalar.comparison import equal_mask
from paasq_dsl.types import NULL


@scalar_kernel("and")
def and_(call: KernelCall, *operands: Column) -> Column:
    """FlatColumn[bool] without nulls: whether all operands are true."""
    return bool_column(reduce(np.logical_and, [condition_mask(o, call.span) for o in operands]))


@scalar_kernel("or")
def or_(call: KernelCall, *operands: Column) -> Column:
    """FlatColumn[bool] without nulls: whether any operand is true."""
    return bool_column(reduce(np.logical_or, [condition_mask(o, call.span) for o in operands]))


@scalar_kernel("not")
def not_(call: KernelCall, operand: Column) -> Column:
    """FlatColumn[bool] without nulls: whether the operand is not true, so true of null."""
    return bool_column(~condition_mask(operand, call.span))


@scalar_kernel("is_null")
def is_null(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[bool]: True where null."""
    return bool_column(null_mask(operand))


@scalar_kernel("if")
def if_(call: KernelCall, *operands: Column) -> Column:
    """The value after the first true condition: operands are pairs (condition, value), then one value for all other
    rows, or null. Also the kernel of `case`.
    """
    conditions, values = operands[: len(operands) // 2 * 2 : 2], [*operands[1::2]]
    values.append(operands[-1] if len(operands) % 2 else null_column(NULL, 1))
    choice = np.full(row_count(operands), len(conditions), np.int64)
    for i in range(len(conditions) - 1, -1, -1):
        choice = np.where(condition_mask(conditions[i], call.span), i, choice)
    return choose(common_type(call.type, values, call.span), choice, values)


SCALAR_KERNELS["case"] = if_


@scalar_kernel("null_if")
def null_if(call: KernelCall, value: Column, other: Column) -> Column:
    """`value`, null where it equals `other`."""
    rows = row_count((value, other))
    return null_outside(broadcast(value, rows), ~equal_mask(value, other, call.span))


@scalar_kernel("coalesce")
def coalesce(call: KernelCall, *operands: Column) -> Column:
    """The first operand of each row that is not null, of the common type; null where all are."""
    choice = np.full(row_count(operands), len(operands) - 1, np.int64)
    for i in range(len(operands) - 1, -1, -1):
        choice = np.where(null_mask(operands[i]), choice, i)
    return choose(common_type(call.type, operands, call.span), choice, operands)
