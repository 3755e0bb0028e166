"""Rows of one column that are equal to rows of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.aggregate.value_counts import first_rows
from paasq_daemon.kernels.columns import concatenate, dictionary_encode, offsets_from_lengths
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import null_mask
from paasq_daemon.kernels.sort_keys import factorize, order_preserving
from paasq_dsl.types import KEYWORD, STRING_KINDS, Type, TypeKind

JOIN_ROWS_MAX = 5_000_000  # in all rows together: equal values on both sides multiply


@dataclass(frozen=True, slots=True)
class JoinIndices:
    """`rows` of the right side, ascending for each left row; those of left row i are `rows[offsets[i]:offsets[i + 1]]`."""

    offsets: Ints
    rows: Ints


def join_first(left: Column, right: Column, type_: Type) -> Ints:
    """For each left row the first right row that is equal, -1 where none is. Null is equal to nothing here.

    Both are columns of `type_`, or become ones: a number is one of float, a string of any kind one of text.
    """
    codes, others, count = _codes_together(left, right, type_)
    there = np.flatnonzero(others >= 0)
    first = np.append(first_rows(others[there], count), -1)  # the last is what code -1 reads
    found = first[codes]
    return np.where(found >= 0, there[np.maximum(found, 0)] if len(there) else -1, -1)


def join_all(left: Column, right: Column, type_: Type) -> JoinIndices:
    """For each left row all right rows that are equal; as `first_matches` otherwise."""
    codes, others, count = _codes_together(left, right, type_)
    there = np.flatnonzero(others >= 0)
    by_code = there[np.argsort(others[there], kind="stable")]
    sizes = np.append(np.bincount(others[there], minlength=count), 0)  # the last is of code -1
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
