"""Arithmetic on int64 that never wraps. A result outside 64 bits, in a row that is not null, raises EvaluationError PQ0780."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Ints, Mask
from paasq_daemon.kernels.errors import EvaluationError
from paasq_dsl.source_text import Span
from paasq_dsl.values import INT_MAX, INT_MIN

_SAFE_PRODUCT = 9.0e18  # a product whose float is below this fits; from here on it is worked out exactly


def add(left: Ints, right: Ints, valid: Mask | None, span: Span) -> Ints:
    """The int64 sums, row by row (shapes broadcast). Overflow shows in the signs: both operands differ from the sum."""
    total = left + right
    _refuse(((left ^ total) & (right ^ total)) < 0, valid, span)
    return total


def subtract(left: Ints, right: Ints, valid: Mask | None, span: Span) -> Ints:
    """The int64 differences left - right, row by row (shapes broadcast). Overflow shows in the signs, as in `add`."""
    difference = left - right
    _refuse(((left ^ right) & (left ^ difference)) < 0, valid, span)
    return difference


def multiply(left: Ints, right: Ints, valid: Mask | None, span: Span) -> Ints:
    """The int64 products, row by row (shapes broadcast). Those near the limit of 64 bits are checked with Python's integers."""
    product = left * right
    doubtful = np.abs(left.astype(np.float64) * right) >= _SAFE_PRODUCT
    if doubtful.any():
        lefts, rights = np.broadcast_arrays(left, right)
        outside = np.zeros(len(product), np.bool_)
        for i in np.flatnonzero(doubtful):
            outside[i] = not INT_MIN <= int(lefts[i]) * int(rights[i]) <= INT_MAX
        _refuse(outside, valid, span)
    return product


def negate(values: Ints, valid: Mask | None, span: Span) -> Ints:
    """The int64 values with the opposite sign. Only INT_MIN has none in 64 bits."""
    _refuse(values == INT_MIN, valid, span)
    return -values


def from_floats(values: NDArray[np.float64], valid: Mask | None, span: Span) -> Ints:
    """float64 to int64, rounded to the nearest, halves to even; NaN and infinities count as outside 64 bits."""
    _refuse(~fits(values), valid, span)
    return np.rint(values).astype(np.int64)


def fits(values: NDArray[Any]) -> Mask:
    """Bool by row: True where a float is within int64; False for NaN."""
    inside: Mask = (values >= -(2.0**63)) & (values < 2.0**63)
    return inside


def _refuse(outside: Mask, valid: Mask | None, span: Span) -> None:
    if (outside if valid is None else outside & valid).any():
        raise EvaluationError("PQ0780", span)
