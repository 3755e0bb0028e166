"""Calculation with 64-bit integers that never wraps: what does not fit is an error that names the place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Ints, Mask
from paasq_daemon.kernels.errors import EvaluationError
from paasq_dsl.source_text import Span
from paasq_dsl.values import INT_MAX, INT_MIN

_SURE = 9.0e18  # a product whose float is below this fits; from here on it is worked out exactly


def add(left: Ints, right: Ints, valid: Mask | None, span: Span) -> Ints:
    total = left + right
    _refuse(((left ^ total) & (right ^ total)) < 0, valid, span)
    return total


def subtract(left: Ints, right: Ints, valid: Mask | None, span: Span) -> Ints:
    difference = left - right
    _refuse(((left ^ right) & (left ^ difference)) < 0, valid, span)
    return difference


def multiply(left: Ints, right: Ints, valid: Mask | None, span: Span) -> Ints:
    product = left * right
    doubtful = np.abs(left.astype(np.float64) * right) >= _SURE
    if doubtful.any():
        lefts, rights = np.broadcast_arrays(left, right)
        outside = np.zeros(len(product), np.bool_)
        for i in np.flatnonzero(doubtful):
            outside[i] = not INT_MIN <= int(lefts[i]) * int(rights[i]) <= INT_MAX
        _refuse(outside, valid, span)
    return product


def negate(values: Ints, valid: Mask | None, span: Span) -> Ints:
    _refuse(values == INT_MIN, valid, span)
    return -values


def from_floats(values: NDArray[np.float64], valid: Mask | None, span: Span) -> Ints:
    """The nearest integers."""
    _refuse(~fits(values), valid, span)
    return np.rint(values).astype(np.int64)


def fits(values: NDArray[Any]) -> Mask:
    """Which floats are inside the 64 bits of an int."""
    inside: Mask = (values >= -(2.0**63)) & (values < 2.0**63)
    return inside


def _refuse(outside: Mask, valid: Mask | None, span: Span) -> None:
    if (outside if valid is None else outside & valid).any():
        raise EvaluationError("PQ0780", span)
