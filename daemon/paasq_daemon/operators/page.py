"""One page of an ordered result, and cursors, which say where a page ended.

A cursor holds the sequence number of the first page, whose state all later ones are read from, and its moment where the rows
depend on that; where something was forgotten before, the number of the last receipt, since the state is another one after the
next; the values that its last row was ordered by, and the row's ordinal, after which the next page begins. With
the ordinal goes what tells the rows of one record apart (expand). Rows that were made (summarize) have no ordinal; their
order is total without. Where the values are long, a hash of them is in their place.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from paasq_daemon.index.column import Column, FlatColumn, Mask
from paasq_daemon.kernels.columns import column_from_values, column_to_values
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import EvaluationContext, evaluate_scalar
from paasq_daemon.kernels.sort import argsort
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.row_limits import evaluate_row_count
from paasq_daemon.operators.spec import OperatorSpec
from paasq_daemon.store.forget_receipts import last_receipt_number
from paasq_dsl.bound import BoundExpression, PageStage
from paasq_dsl.source_text import DUMMY_SPAN, Span
from paasq_dsl.types import INT
from paasq_dsl.values import INT_MAX, INT_MIN, Duration, Value, is_time

CURSOR_CHARACTERS_MAX = 4_096
_VALUES_BYTES_MAX = 2_048  # longer ones are hashed, so that every cursor is taken back


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
        cursor = self.read_cursor(context.evaluation, context.fingerprint)
        if cursor is not None:
            assert self.after is not None
            batch = batch.filter(rows_after_cursor(batch, cursor, self.after.span))
        return truncate_with_cursor(context, batch, size, "limit")

    def read_cursor(self, values: EvaluationContext, fingerprint: Callable[[], str]) -> Cursor | None:
        """None for the first page. Raises EvaluationError where what is given is no cursor, or one of another plan."""
        given = None if self.after is None else evaluate_scalar(self.after, values)
        if given is None:
            return None
        assert self.after is not None
        return decode_cursor(given, fingerprint(), self.after.span)

    def describe(self) -> str:
        return f"page {expression_text(self.size)}" + (f" after {expression_text(self.after)}" if self.after else "")

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return min(rows, estimator.count(self.size, rows))


@dataclass(frozen=True, slots=True)
class Cursor:
    """`values` are what the row was ordered by, or a hash of that (`_hash`); `ties` tell it from rows of the same values.
    `receipt` is the number of the last receipt of a forget, 0 where there was none."""

    seq: int
    now_us: int | None
    values: list[Value] | str
    ties: list[int]
    receipt: int = 0


def truncate_with_cursor(context: ExecutionContext, batch: Batch, size: int, reason: str) -> Batch:
    """The first `size` rows. Where more are left the run gets a cursor to them, and `reason` as why it is not complete."""
    if batch.length <= size:
        return batch
    context.cursor = cursor_at(context, batch, size - 1) if size else None
    context.reasons.insert(0, reason)
    context.depth_limited = False
    return batch.take(np.arange(size))


def rows_after_cursor(batch: Batch, cursor: Cursor, span: Span = DUMMY_SPAN) -> Mask:
    """Which rows come after the cursor's. Raises EvaluationError where it is none of this plan."""
    values, last = cursor.values, cursor.ties
    if len(last) != len(batch.tiebreakers):
        raise EvaluationError("PQ0731", span)
    if isinstance(values, str):
        return _rows_after_hash(batch, values, last, span)
    if len(values) != len(batch.order):
        raise EvaluationError("PQ0731", span)
    # The cursor's row put after the rows: a stable order brings what comes before it, or equals it, before it.
    try:
        keys = [(_appended(key.column, value), key.descending) for key, value in zip(batch.order, values, strict=True)]
        keys += [(FlatColumn(INT, np.append(tie, at)), False) for tie, at in zip(batch.tiebreakers, last, strict=True)]
        order = argsort(keys, batch.length + 1)
    except (ValueError, TypeError, OverflowError, AttributeError) as error:  # a value that is none of the column's
        raise EvaluationError("PQ0730", span) from error
    ranks = np.empty(batch.length + 1, np.int64)
    ranks[order] = np.arange(batch.length + 1)
    mask: Mask = ranks[:-1] > ranks[-1]
    if batch.ordinals is not None:  # the cursor's own row, wherever it is; rows that were made stay where they are
        mask &= ~_at_ties(batch, last)
    return mask


def decode_cursor(given: object, fingerprint: str, span: Span = DUMMY_SPAN) -> Cursor:
    """Raises EvaluationError where it is none, or one of another plan."""
    none = EvaluationError("PQ0730", span)
    if not isinstance(given, str) or len(given) > CURSOR_CHARACTERS_MAX:
        raise none
    try:
        made_by, seq, now_us, values, last = orjson.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        seq, receipt = seq if isinstance(seq, list) else (seq, 0)
        decoded = values if isinstance(values, str) else [_decode(value) for value in values]
    except (ValueError, TypeError, binascii.Error, KeyError, OverflowError, RecursionError) as error:
        raise none from error
    timed = now_us is None or (_is_int(now_us) and is_time(now_us))
    if not (isinstance(last, list) and timed and all(_is_int(each) for each in (seq, receipt, *last))):
        raise none
    if made_by != fingerprint:
        raise EvaluationError("PQ0731", span)
    return Cursor(seq, now_us, decoded, last, receipt)


def _rows_after_hash(batch: Batch, wanted: str, last: list[int], span: Span) -> Mask:
    """The row is looked for: in the state that it was read from it is there."""
    at = np.flatnonzero(_at_ties(batch, last))
    found = next((row for row in at.tolist() if _hash(_values_at(batch, row)) == wanted), None)
    if found is None:
        raise EvaluationError("PQ0731", span)
    return np.arange(batch.length) > found


def _at_ties(batch: Batch, last: list[int]) -> Mask:
    same = [tie == at for tie, at in zip(batch.tiebreakers, last, strict=True)]
    mask: Mask = np.logical_and.reduce(same) if same else np.ones(batch.length, np.bool_)
    return mask


def _appended(column: Column, value: Value) -> Column:
    return column_from_values(column.type, [*column_to_values(column), value])


def _values_at(batch: Batch, row: int) -> list[Any]:
    at = np.array([row], np.int64)
    return [_encode(column_to_values(key.column.take(at))[0]) for key in batch.order]


def _hash(values: list[Any]) -> str:
    return hashlib.blake2b(orjson.dumps(values), digest_size=12).hexdigest()


def cursor_at(context: ExecutionContext, batch: Batch, row: int) -> str:
    """The cursor to what comes behind a row of an ordered batch."""
    last = [int(tie[row]) for tie in batch.tiebreakers]
    values = _values_at(batch, row)
    kept = values if len(orjson.dumps(values)) <= _VALUES_BYTES_MAX else _hash(values)
    now_us = context.evaluation.now_us if context.time_dependent else None
    receipt = last_receipt_number(context.view.store)
    seq = [context.view.seq, receipt] if receipt else context.view.seq
    parts = [context.fingerprint(), seq, now_us, kept, last]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and INT_MIN <= value <= INT_MAX


def _encode(value: Value) -> Any:
    if isinstance(value, Duration):
        return {"months": value.months, "micros": value.micros}
    return [_encode(item) for item in value] if isinstance(value, list) else value


def _decode(value: Any) -> Value:
    if isinstance(value, dict):
        duration = Duration(int(value["months"]), int(value["micros"]))
        if not duration.is_storable:
            raise ValueError
        return duration
    if value is not None and not isinstance(value, (bool, int, float, str, list)):
        raise TypeError
    return [_decode(item) for item in value] if isinstance(value, list) else value


OPERATORS = (OperatorSpec(PageStage, lambda s, _: Page(s.size, s.after), frozenset({Capability.PAGES})),)
