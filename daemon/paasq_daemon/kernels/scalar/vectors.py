"""Functions over vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paasq_daemon.index.column import Column, Flat, Floats, Mask, Ragged
from paasq_daemon.kernels.columns import null_column, to_values
from paasq_daemon.kernels.context import Call, kernel
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import both, finite, flat, null_of, rows_of
from paasq_dsl.types import FLOAT, INT


@kernel("similarity")
def similarity(call: Call, left: Column, right: Column) -> Column:
    """The cosine; null where a vector is missing or has no direction. A list of numbers is a vector too."""
    return _of_pairs(call, left, right, lambda a, b: _dots(_unit(a), _unit(b)))


@kernel("dot")
def dot(call: Call, left: Column, right: Column) -> Column:
    return _of_pairs(call, left, right, _dots)


@kernel("distance")
def distance(call: Call, left: Column, right: Column) -> Column:
    return _of_pairs(call, left, right, lambda a, b: _lengths(a - b))


@kernel("norm")
def norm(_: Call, vector: Column) -> Column:
    vectors, there = _vectors(vector)
    return finite(FLOAT, _lengths(vectors), there)


@kernel("dimension")
def dimension(_: Call, vector: Column) -> Column:
    if isinstance(vector, Ragged):
        return flat(INT, np.diff(vector.offsets), vector.valid)
    vectors, there = _vectors(vector)
    return flat(INT, np.full(len(there), vectors.shape[1], np.int64), there)


def _of_pairs(call: Call, left: Column, right: Column, compute: Callable[[Floats, Floats], Floats]) -> Column:
    (lefts, has_left), (rights, has_right) = _vectors(left), _vectors(right)
    if not (has_left.any() and has_right.any()):
        return null_column(FLOAT, rows_of((left, right)))
    if lefts.shape[1] != rights.shape[1]:
        raise KernelError("PQ0777", call.span, left=lefts.shape[1], right=rights.shape[1])
    return finite(FLOAT, compute(lefts, rights), both(has_left, has_right))


def _vectors(column: Column) -> tuple[Floats, Mask]:
    """float64[rows, size], zeros where null, and which rows have as many numbers as any."""
    if isinstance(column, Flat) and column.values.ndim == 2:
        return column.values.astype(np.float64), ~null_of(column)
    lists = [v if isinstance(v, list) else [] for v in to_values(column)]
    size = max(map(len, lists), default=0)
    there = np.array([len(v) == size > 0 and None not in v for v in lists], np.bool_)
    filled = [v if ok else [0.0] * size for v, ok in zip(lists, there, strict=True)]
    return np.array(filled, np.float64).reshape(len(lists), size), there


def _dots(left: Floats, right: Floats) -> Floats:
    found: Floats = np.einsum("ij,ij->i", *np.broadcast_arrays(left, right))
    return found


def _lengths(vectors: Floats) -> Floats:
    found: Floats = np.linalg.norm(vectors, axis=1)
    return found


def _unit(vectors: Floats) -> Floats:
    """Each of length 1; nan where it has no direction."""
    return vectors / _lengths(vectors)[:, None]
