"""The function ranges(): the half-open range between ascending bounds that a value falls into."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from paasq_daemon.index.column import Column, DictionaryColumn
from paasq_daemon.kernels.columns import column_to_values, concatenate, object_array
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import common_type, null_mask, row_count
from paasq_daemon.kernels.scalar.cast import cast_to_text
from paasq_daemon.kernels.sort_keys import dense_ranks
from paasq_dsl.types import KEYWORD, TypeKind


@scalar_kernel("ranges")
def range_label(call: KernelCall, value: Column, *bounds: Column) -> Column:
    """DictionaryColumn[keyword] of labels such as ..0, 0..10, 10..; null where the value is.

    Raises EvaluationError PQ0759 where the bounds vary by row or are null, PQ0760 where they do not ascend.
    """
    if row_count(bounds) != 1 or any(bool(null_mask(bound)[0]) for bound in bounds):
        raise EvaluationError("PQ0759", call.span)
    type_ = common_type(value.type, bounds, call.span)
    if value.type.kind is TypeKind.NULL:
        return DictionaryColumn(KEYWORD, np.full(len(value), -1, np.int32), object_array([]))
    order, _ = dense_ranks(concatenate(type_, [*bounds, value]))
    edges, places = order[: len(bounds)], order[len(bounds) :]
    if (np.diff(edges) <= 0).any():
        raise EvaluationError("PQ0760", call.span)
    texts = [str(column_to_values(cast_to_text(bound))[0]) for bound in bounds]
    labels = [f"..{texts[0]}", *(f"{low}..{high}" for low, high in pairwise(texts)), f"{texts[-1]}.."]
    codes = np.searchsorted(edges, places, side="right")
    return DictionaryColumn(KEYWORD, np.where(null_mask(value), -1, codes).astype(np.int32), object_array(labels))
