"""Functions over vectors."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Column, Flat, Floats, Mask
from paasq_daemon.kernels.build import null_column, to_values
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import both, finite, null_of, rows_of
from paasq_daemon.kernels.run import Call, kernel
from paasq_dsl.types import FLOAT


@kernel("similarity")
def similarity(call: Call, left: Column, right: Column) -> Column:
    """The cosine; null where a vector is missing or has no direction. A list of numbers is a vector too."""
    (lefts, has_left), (rights, has_right) = _unit(left), _unit(right)
    if not (has_left.any() and has_right.any()):
        return null_column(FLOAT, rows_of((left, right)))
    if lefts.shape[1] != rights.shape[1]:
        message = f"a vector of {lefts.shape[1]} numbers has no angle to one of {rights.shape[1]}"
        raise KernelError("PQ0703", message, call.span)
    return finite(FLOAT, np.einsum("ij,ij->i", *np.broadcast_arrays(lefts, rights)), both(has_left, has_right))


def _unit(column: Column) -> tuple[Floats, Mask]:
    """float64[rows, size], each row of length 1 (nan where it has none), and which rows have as many numbers as any."""
    if isinstance(column, Flat) and column.values.ndim == 2:
        vectors, there = column.values.astype(np.float64), ~null_of(column)
    else:
        lists = [v if isinstance(v, list) else [] for v in to_values(column)]
        size = max(map(len, lists), default=0)
        there = np.array([len(v) == size > 0 for v in lists], np.bool_)
        filled = [v if ok else [0.0] * size for v, ok in zip(lists, there, strict=True)]
        vectors = np.array(filled, np.float64).reshape(len(lists), size)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), there
