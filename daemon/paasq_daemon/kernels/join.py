"""Equi-join of two columns by hashing or ranking their values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.columns import concatenate, dictionary_encode, offsets_from_lengths
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import null_mask
from paasq_daemon.kernels.sort_keys import factorize, first_rows, order_preserving
from paasq_dsl.types import KEYWORD, STRING_KINDS, Type, TypeKind

JOIN_ROWS_MAX = 5_000_000  # in all rows together: equal values on both sides multiply


@dataclass(frozen=True, slots=True)
class JoinIndices:
    """Matches in CSR form: left row i matches the right rows `rows[offsets[i]:offsets[i + 1]]`, ascending (both int64)."""

    offsets: Ints
    rows: Ints


def join_first(left: Column, right: Column, type_: Type) -> Ints:
    """int64 by left row: the first right row with an equal value, -1 where there is none. Null equals nothing here.

    Both columns are of `type_` or convertible to it: an int to float, any string type to text.
    """
    codes, others, count = _codes_together(left, right, type_)
    present = np.flatnonzero(others >= 0)
    first = np.append(first_rows(others[present], count), -1)  # the last is what code -1 reads
    found = first[codes]
    return np.where(found >= 0, present[np.maximum(found, 0)] if len(present) else -1, -1)


def join_all(left: Column, right: Column, type_: Type) -> JoinIndices:
    """For each left row all right rows with an equal value; types and nulls as in `join_first`.

    Raises EvaluationError PQ0797 where there are more than JOIN_ROWS_MAX pairs.
    """
    codes, others, count = _codes_together(left, right, type_)
    present = np.flatnonzero(others >= 0)
    by_code = present[np.argsort(others[present], kind="stable")]
    sizes = np.append(np.bincount(others[present], minlength=count), 0)  # the last is of code -1
    starts = offsets_from_lengths(sizes)
    lengths = sizes[codes]
    if (total := int(lengths.sum())) > JOIN_ROWS_MAX:
        raise EvaluationError("PQ0797", count=f"{total:,}", most=f"{JOIN_ROWS_MAX:,}")
    offsets = offsets_from_lengths(lengths)
    inside = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    return JoinIndices(offsets, by_code[np.repeat(starts[codes], lengths) + inside])


def _codes_together(left: Column, right: Column, type_: Type) -> tuple[Ints, Ints, int]:
    """Numbers below a count, alike where the values are; -1 where null."""
    if TypeKind.NULL in {left.type.kind, right.type.kind}:
        return np.full(len(left), -1, np.int64), np.full(len(right), -1, np.int64), 0
    if type_.kind in STRING_KINDS:
        words = dictionary_encode(concatenate(KEYWORD, [dictionary_encode(left), dictionary_encode(right)]))
        codes, count = words.codes.astype(np.int64), len(words.dictionary)
    else:
        both = concatenate(type_, [left, right])
        codes, count = factorize(order_preserving(both))
        codes = np.where(null_mask(both), -1, codes)
    return codes[: len(left)], codes[len(left) :], count
