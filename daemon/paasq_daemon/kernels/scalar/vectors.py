"""Functions over vectors, computed in float64. A list of numbers is a vector too.

Null where a vector is null, has a null item, or is a list shorter than the column's longest. Two columns of different
dimensions raise EvaluationError PQ0777.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paasq_daemon.index.column import Column, FlatColumn, Floats, ListColumn, Mask
from paasq_daemon.kernels.columns import column_to_values, null_column
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import combine_validity, finite_column, flat_column, null_mask, row_count
from paasq_dsl.types import FLOAT, INT


@scalar_kernel("similarity")
def similarity(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[float64]: the cosine; null where a vector is all zeros."""
    return _of_pairs(call, left, right, lambda a, b: _dots(_unit(a), _unit(b)))


@scalar_kernel("dot")
def dot(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[float64]: the inner product."""
    return _of_pairs(call, left, right, _dots)


@scalar_kernel("distance")
def distance(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[float64]: the Euclidean distance."""
    return _of_pairs(call, left, right, lambda a, b: _lengths(a - b))


@scalar_kernel("norm")
def norm(_: KernelCall, vector: Column) -> Column:
    """FlatColumn[float64]: the Euclidean length."""
    vectors, valid = _vectors(vector)
    return finite_column(FLOAT, _lengths(vectors), valid)


@scalar_kernel("dimension")
def dimension(_: KernelCall, vector: Column) -> Column:
    """FlatColumn[int64]: the number of components; of a list column the items of each row."""
    if isinstance(vector, ListColumn):
        return flat_column(INT, np.diff(vector.offsets), vector.validity)
    vectors, valid = _vectors(vector)
    return flat_column(INT, np.full(len(valid), vectors.shape[1], np.int64), valid)


def _of_pairs(call: KernelCall, left: Column, right: Column, compute: Callable[[Floats, Floats], Floats]) -> Column:
    (lefts, has_left), (rights, has_right) = _vectors(left), _vectors(right)
    if not (has_left.any() and has_right.any()):
        return null_column(FLOAT, row_count((left, right)))
    if lefts.shape[1] != rights.shape[1]:
        raise EvaluationError("PQ0777", call.span, left=lefts.shape[1], right=rights.shape[1])
    return finite_column(FLOAT, compute(lefts, rights), combine_validity(has_left, has_right))


def _vectors(column: Column) -> tuple[Floats, Mask]:
    """float64[rows, size], zeros where null, and which rows have as many numbers as any."""
    if isinstance(column, FlatColumn) and column.values.ndim == 2:
        return column.values.astype(np.float64), ~null_mask(column)
    lists = [v if isinstance(v, list) else [] for v in column_to_values(column)]
    size = max(map(len, lists), default=0)
    valid = np.array([len(v) == size > 0 and None not in v for v in lists], np.bool_)
    filled = [v if ok else [0.0] * size for v, ok in zip(lists, valid, strict=True)]
    return np.array(filled, np.float64).reshape(len(lists), size), valid


def _dots(left: Floats, right: Floats) -> Floats:
    found: Floats = np.einsum("ij,ij->i", *np.broadcast_arrays(left, right))
    return found


def _lengths(vectors: Floats) -> Floats:
    found: Floats = np.linalg.norm(vectors, axis=1)
    return found


def _unit(vectors: Floats) -> Floats:
    """Each of length 1; nan where it has no direction."""
    return vectors / _lengths(vectors)[:, None]
