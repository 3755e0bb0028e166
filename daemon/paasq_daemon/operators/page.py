"""One page of an ordered result, and cursors, which say where a page ended.

A cursor holds the values that its last row was ordered by and the row's ordinal, so that the next page begins right behind
it, whatever was written in between. With the ordinal goes what tells the rows of one record apart (expand). Rows that were
made (summarize) have no ordinal; their order is total without.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from paasq_daemon.index.column import Column, FlatColumn, Mask
from paasq_daemon.kernels.columns import column_from_values, column_to_values
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.kernels.sort import argsort
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.row_limits import evaluate_row_count
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundExpression, PageStage
from paasq_dsl.source_text import DUMMY_SPAN, Span
from paasq_dsl.types import INT
from paasq_dsl.values import Duration, Value

CURSOR_CHARACTERS_MAX = 4_096


@dataclass(frozen=True)
class Page(Operator):
    """The first `size` rows after those of the cursor `after`; the context gets the next cursor where more are left.

    Raises EvaluationError for a size of 0, and for a cursor that is damaged or of another plan.
    """

    size: BoundExpression
    after: BoundExpression | None

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        size = evaluate_row_count(self.size, context)
        if size == 0:
            raise EvaluationError("PQ0711", self.size.span, stage="page", found=size)
        cursor = None if self.after is None else evaluate_scalar(self.after, context.evaluation)
        if cursor is not None:
            assert self.after is not None
            batch = batch.filter(rows_after_cursor(batch, cursor, context.fingerprint(), self.after.span))
        return truncate_with_cursor(context, batch, size, "limit")

    def describe(self) -> str:
        return f"page {expression_text(self.size)}" + (f" after {expression_text(self.after)}" if self.after else "")

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return min(rows, estimator.count(self.size, rows))


def truncate_with_cursor(context: ExecutionContext, batch: Batch, size: int, reason: str) -> Batch:
    """The first `size` rows. Where more are left the run gets a cursor to them, and `reason` as why it is not complete."""
    if batch.length <= size:
        return batch
    context.cursor = _cursor_at(batch, size - 1, context.fingerprint()) if size else None
    context.reasons.insert(0, reason)
    context.depth_limited = False
    return batch.take(np.arange(size))


def rows_after_cursor(batch: Batch, cursor: object, fingerprint: str, span: Span = DUMMY_SPAN) -> Mask:
    """Which rows come after the cursor's. Raises EvaluationError where it is none of this plan."""
    values, last = _read(cursor, fingerprint, span)
    if len(values) != len(batch.order) or len(last) != len(batch.tiebreakers):
        raise EvaluationError("PQ0731", span)
    # The cursor's row put behind the rows: a stable order brings what comes before it, or equals it, before it.
    keys = [(_appended(key.column, value), key.descending) for key, value in zip(batch.order, values, strict=True)]
    keys += [(FlatColumn(INT, np.append(tie, at)), False) for tie, at in zip(batch.tiebreakers, last, strict=True)]
    ranks = np.empty(batch.length + 1, np.int64)
    ranks[argsort(keys, batch.length + 1)] = np.arange(batch.length + 1)
    mask: Mask = ranks[:-1] > ranks[-1]
    if (
        batch.ordinals is not None
    ):  # the cursor's own row, wherever it stands by now; rows that were made stand where they do
        mask &= ~np.logical_and.reduce([tie == at for tie, at in zip(batch.tiebreakers, last, strict=True)])
    return mask


def _appended(column: Column, value: Value) -> Column:
    return column_from_values(column.type, [*column_to_values(column), value])


def _cursor_at(batch: Batch, row: int, fingerprint: str) -> str:
    at = np.array([row], np.int64)
    values = [_encode(column_to_values(key.column.take(at))[0]) for key in batch.order]
    last = [int(tie[row]) for tie in batch.tiebreakers]
    return base64.urlsafe_b64encode(orjson.dumps([fingerprint, values, last])).decode().rstrip("=")


def _read(cursor: object, fingerprint: str, span: Span) -> tuple[list[Value], list[int]]:
    """The values that the cursor's row is ordered by, and its ties."""
    none = EvaluationError("PQ0730", span)
    if not isinstance(cursor, str) or len(cursor) > CURSOR_CHARACTERS_MAX:
        raise none
    try:
        made_by, values, last = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        decoded = [_decode(value) for value in values]
    except (ValueError, TypeError, binascii.Error, KeyError) as error:
        raise none from error
    if made_by != fingerprint or not isinstance(last, list) or not all(isinstance(tie, int) for tie in last):
        raise EvaluationError("PQ0731", span)
    return decoded, last


def _encode(value: Value) -> Any:
    if isinstance(value, Duration):
        return {"months": value.months, "micros": value.micros}
    return value


def _decode(value: Any) -> Value:
    if isinstance(value, dict):
        return Duration(int(value["months"]), int(value["micros"]))
    if value is not None and not isinstance(value, (bool, int, float, str)):
        raise TypeError
    return value


OPERATORS = (OperatorSpec(PageStage, lambda s, _: Page(s.size, s.after), frozenset({Capability.PAGES})),)
