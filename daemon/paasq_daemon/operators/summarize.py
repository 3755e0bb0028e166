"""One row for each group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from paasq_daemon.index.column import Column, FlatColumn, Ints, Mask
from paasq_daemon.kernels.aggregate.evaluate import evaluate_aggregate
from paasq_daemon.kernels.aggregate.grouping import Groups, group_rows
from paasq_daemon.kernels.columns import concatenate
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate, evaluate_scalar, referenced_columns
from paasq_daemon.operators import gap_fill
from paasq_daemon.operators.batch import Batch, SortKey
from paasq_daemon.operators.call_columns import call_columns
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.column_fetch import scatter
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text, show_item
from paasq_daemon.operators.gap_fill import int_to_float
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.spec import OperatorSpec
from paasq_daemon.operators.time_buckets import bucket_starts, zoned_bucket_starts
from paasq_dsl.bound import BoundExpression, ColumnRef, FunctionCall, NamedExpression, SummarizeStage
from paasq_dsl.bound.traversal import substitute
from paasq_dsl.source_text import Span
from paasq_dsl.types import NUMERIC_KINDS, TIME, TypeKind
from paasq_dsl.values import Duration

BUCKETS_MAX = 100_000  # that fill may make: a bucket of 1s over ten years would be 300 million


@dataclass(frozen=True)
class Summarize(Operator):
    """One row for each combination of key values, ordered by the keys; without keys one row, of all rows.

    `fill` (a number) or `fill_method` (such as `linear`) adds a row for each time bucket without rows between the first and the
    last, for each combination of the other keys. Raises EvaluationError where these would be more than `BUCKETS_MAX`.
    """

    aggregates: tuple[NamedExpression, ...]
    keys: tuple[NamedExpression, ...]
    fill: BoundExpression | None = None
    fill_method: str | None = None

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        batch.prefetch(self._columns_read)
        columns = [evaluate(key.value, batch, context.evaluation) for key in self.keys]
        groups = group_rows(columns, batch.length)
        found: dict[str, Column] = {}
        for key, column in zip(self.keys, columns, strict=True):
            found[key.name] = column.take(groups.first_rows)
        for name, column in self._aggregated(groups, batch, found, context).items():
            found[name] = int_to_float(column) if self.fill_method == "linear" else column
        fills = self.fill is not None or self.fill_method is not None
        return self._batch(self._filled(found, groups.count, context) if fills else found, groups.count)

    def describe(self) -> str:
        aggregates = ", ".join(map(show_item, self.aggregates))
        keys = ", ".join(map(show_item, self.keys))
        return (
            f"summarize {aggregates}"
            + (f" by {keys}" if keys else "")
            + (f" fill {expression_text(self.fill)}" if self.fill else "")
            + (f" fill {self.fill_method}" if self.fill_method else "")
        )

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return min(estimator.groups([key.value for key in self.keys]), rows) if self.keys else 1

    def _aggregated(
        self, groups: Groups, batch: Batch, keys: dict[str, Column], context: ExecutionContext
    ) -> dict[str, Column]:
        """Expressions of aggregates are over the groups, with a column more for each aggregate in them."""
        computed = dict(keys)
        for call, column in self._call_columns.items():
            context.cancel.raise_if_cancelled()
            computed[column.name] = evaluate_aggregate(call, groups, batch, context.evaluation)
        of_groups = Batch(groups.count, computed=computed)
        return {name: evaluate(value, of_groups, context.evaluation) for name, value in self._substituted.items()}

    def _batch(self, columns: dict[str, Column], count: int) -> Batch:
        length = len(next(iter(columns.values()))) if columns else count
        return Batch(
            length, computed=columns, order=tuple(SortKey(columns[key.name], descending=False) for key in self.keys)
        )

    def _filled(self, columns: dict[str, Column], count: int, context: ExecutionContext) -> dict[str, Column]:
        """With a row for every bucket between the first and the last, for each value of the other keys. Rows of no time stay."""
        bucket = next(key for key in self.keys if _is_time_bucket(key))
        times = columns[bucket.name]
        assert isinstance(times, FlatColumn)
        known = np.flatnonzero(times.validity) if times.validity is not None else np.arange(count)
        if not len(known):
            return columns
        assert isinstance(bucket.value, FunctionCall)
        width = evaluate_scalar(bucket.value.arguments[1], context.evaluation)
        assert isinstance(width, Duration)
        others = [columns[key.name] for key in self.keys if key is not bucket]
        first, last = int(times.values[known].min()), int(times.values[known].max())
        try:
            if len(bucket.value.arguments) > 2:
                every = zoned_bucket_starts(
                    first, last, width, BUCKETS_MAX, partial(_buckets_of, bucket.value, context)
                )
            else:
                every = bucket_starts(first, last, width, BUCKETS_MAX)
        except EvaluationError as error:
            raise error.at(bucket.value.span) from None
        series = group_rows([o.take(known) for o in others], len(known)) if others else None
        series_count = series.count if series else 1
        if len(every) * series_count > BUCKETS_MAX:
            raise EvaluationError("PQ0791", bucket.value.span, most=f"{BUCKETS_MAX:,}")
        codes = series.group_ids if series else np.zeros(len(known), np.int64)
        firsts = known[series.first_rows] if series else known[:1]
        return self._spread(columns, bucket, every, (known, codes, firsts), context)

    def _gaps(self, column: Column, there: Mask, series: int, every: Ints, context: ExecutionContext) -> Column:
        if self.fill_method == "previous":
            return gap_fill.carry_forward(column, there, series)
        if self.fill_method == "linear":
            return gap_fill.interpolate(column, there, series, np.tile(every, series))
        assert self.fill is not None
        value = evaluate_scalar(self.fill, context.evaluation)
        return column if value is None else _with_default(column, there, value, self.fill.span)

    def _spread(
        self,
        columns: dict[str, Column],
        bucket: NamedExpression,
        every: Ints,
        series: tuple[Ints, Ints, Ints],
        context: ExecutionContext,
    ) -> dict[str, Column]:
        """Rows by series, then by time; then put into the order of the keys."""
        known, codes, firsts = series
        times = columns[bucket.name]
        assert isinstance(times, FlatColumn)
        length = len(every) * len(firsts)
        places = codes * len(every) + np.searchsorted(every, times.values[known])
        there = np.zeros(length, np.bool_)
        there[places] = True
        row_of_place = known[np.argsort(places)]
        filled: dict[str, Column] = {}
        for item in self.aggregates:
            column = scatter(columns[item.name].take(row_of_place), there)
            filled[item.name] = self._gaps(column, there, len(firsts), every, context)
        result: dict[str, Column] = {}
        for key in self.keys:
            if key is bucket:
                result[key.name] = FlatColumn(times.type, np.tile(every, len(firsts)))
            else:
                result[key.name] = columns[key.name].take(np.repeat(firsts, len(every)))
        result |= filled
        if times.validity is not None:
            rest = np.flatnonzero(~times.validity)
            result = {n: concatenate(c.type, [c, columns[n].take(rest)]) for n, c in result.items()}
            length += len(rest)
        order = group_rows([result[key.name] for key in self.keys], length).first_rows
        return {name: column.take(order) for name, column in result.items()}

    @cached_property
    def _columns_read(self) -> frozenset[str]:
        return referenced_columns(*(item.value for item in (*self.keys, *self.aggregates)))

    @cached_property
    def _call_columns(self) -> dict[FunctionCall, ColumnRef]:
        return call_columns(item.value for item in self.aggregates)

    @cached_property
    def _substituted(self) -> dict[str, BoundExpression]:
        """The aggregates over the groups with a column for each call."""
        return {item.name: substitute(item.value, self._call_columns) for item in self.aggregates}


def _buckets_of(bucket: FunctionCall, context: ExecutionContext, times: Ints) -> Ints:
    """The beginnings of the buckets that these times fall into."""
    of_column = replace(bucket, arguments=(ColumnRef("time", TIME), *bucket.arguments[1:]))
    found = evaluate(of_column, Batch(len(times), computed={"time": FlatColumn(TIME, times)}), context.evaluation)
    assert isinstance(found, FlatColumn)
    return found.values


def _with_default(column: Column, there: Mask, value: object, span: Span) -> Column:
    """A number fills the gaps of aggregates that are numbers; of what 0 would be a time or a text, nothing."""
    if (
        not isinstance(column, FlatColumn)
        or column.type.kind not in NUMERIC_KINDS
        or not isinstance(value, (int, float))
    ):
        return column
    if column.type.kind is TypeKind.INT and value != int(value):
        raise EvaluationError("PQ0722", span, found=value)
    values = column.values.copy()
    values[~there] = value
    valid = None if column.validity is None else column.validity | ~there
    return FlatColumn(column.type, values, valid)


def _is_time_bucket(key: NamedExpression) -> bool:
    return (
        isinstance(key.value, FunctionCall) and key.value.function == "bucket" and key.value.type.kind is TypeKind.TIME
    )


OPERATORS = (
    OperatorSpec(
        SummarizeStage,
        lambda s, _: Summarize(s.aggregates, s.keys, s.fill, s.fill_method),
        frozenset({Capability.GROUPS}),
    ),
)
