"""One row for each group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from paasq_daemon.index.column import Column, Flat, Ints, Mask
from paasq_daemon.kernels.aggregating import aggregated
from paasq_daemon.kernels.build import concatenate
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import evaluate, scalar
from paasq_daemon.kernels.grouping import Groups, group
from paasq_daemon.operators import gaps
from paasq_daemon.operators.batch import Batch, OrderKey
from paasq_daemon.operators.buckets import buckets_between, zoned_buckets_between
from paasq_daemon.operators.fetch import spread
from paasq_daemon.operators.gaps import as_float
from paasq_daemon.operators.run import Run
from paasq_daemon.operators.show import show, show_item
from paasq_dsl.bound import Apply, Bound, ColumnValue, Named
from paasq_dsl.source import Span
from paasq_dsl.types import NUMBER_KINDS, TIME, Kind
from paasq_dsl.values import Duration
from paasq_dsl.walk import replaced, windows

BUCKETS_MAX = 100_000  # that fill may make: a bucket of 1s over ten years would be 300 million


@dataclass(frozen=True)
class Summarize:
    aggregates: tuple[Named, ...]
    keys: tuple[Named, ...]
    fill: Bound | None = None
    fill_method: str | None = None

    def run(self, run: Run, batch: Batch) -> Batch:
        run.cancel.check()
        columns = [evaluate(key.value, batch, run.values) for key in self.keys]
        groups = group(columns, batch.length)
        found: dict[str, Column] = {}
        for key, column in zip(self.keys, columns, strict=True):
            found[key.name] = column.take(groups.representatives)
        for name, column in self._aggregated(groups, batch, found, run).items():
            found[name] = as_float(column) if self.fill_method == "linear" else column
        fills = self.fill is not None or self.fill_method is not None
        return self._batch(self._filled(found, groups.count, run) if fills else found, groups.count)

    def describe(self) -> str:
        aggregates = ", ".join(map(show_item, self.aggregates))
        keys = ", ".join(map(show_item, self.keys))
        return (
            f"summarize {aggregates}"
            + (f" by {keys}" if keys else "")
            + (f" fill {show(self.fill)}" if self.fill else "")
            + (f" fill {self.fill_method}" if self.fill_method else "")
        )

    def _aggregated(self, groups: Groups, batch: Batch, keys: dict[str, Column], run: Run) -> dict[str, Column]:
        """Expressions of aggregates stand over the groups, with a column more for each aggregate in them."""
        names: dict[Apply, ColumnValue] = {}
        for item in self.aggregates:
            for call in windows(item.value):
                names.setdefault(call, ColumnValue(f"`{len(names)}", call.type))  # as no column can be called
        computed = dict(keys)
        for call, column in names.items():
            run.cancel.check()
            computed[column.name] = aggregated(call, groups, batch, run.values)
        of_groups = Batch(groups.count, computed=computed)
        return {i.name: evaluate(replaced(i.value, names), of_groups, run.values) for i in self.aggregates}

    def _batch(self, columns: dict[str, Column], count: int) -> Batch:
        length = len(next(iter(columns.values()))) if columns else count
        return Batch(
            length, computed=columns, order=tuple(OrderKey(columns[key.name], descending=False) for key in self.keys)
        )

    def _filled(self, columns: dict[str, Column], count: int, run: Run) -> dict[str, Column]:
        """With a row for every bucket between the first and the last, for each value of the other keys. Rows of no time stay."""
        bucket = next(key for key in self.keys if _is_time_bucket(key))
        times = columns[bucket.name]
        assert isinstance(times, Flat)
        known = np.flatnonzero(times.valid) if times.valid is not None else np.arange(count)
        if not len(known):
            return columns
        assert isinstance(bucket.value, Apply)
        width = scalar(bucket.value.arguments[1], run.values)
        assert isinstance(width, Duration)
        others = [columns[key.name] for key in self.keys if key is not bucket]
        first, last = int(times.values[known].min()), int(times.values[known].max())
        try:
            if len(bucket.value.arguments) > 2:
                every = zoned_buckets_between(first, last, width, BUCKETS_MAX, partial(_buckets_of, bucket.value, run))
            else:
                every = buckets_between(first, last, width, BUCKETS_MAX)
        except KernelError as error:
            raise error.at(bucket.value.span) from None
        series = group([o.take(known) for o in others], len(known)) if others else None
        series_count = series.count if series else 1
        if len(every) * series_count > BUCKETS_MAX:
            raise KernelError("PQ0791", bucket.value.span, most=f"{BUCKETS_MAX:,}")
        codes = series.codes if series else np.zeros(len(known), np.int64)
        firsts = known[series.representatives] if series else known[:1]
        return self._spread(columns, bucket, every, (known, codes, firsts), run)

    def _gaps(self, column: Column, there: Mask, series: int, every: Ints, run: Run) -> Column:
        if self.fill_method == "previous":
            return gaps.previous(column, there, series)
        if self.fill_method == "linear":
            return gaps.linear(column, there, series, np.tile(every, series))
        assert self.fill is not None
        value = scalar(self.fill, run.values)
        return column if value is None else _with_default(column, there, value, self.fill.span)

    def _spread(
        self, columns: dict[str, Column], bucket: Named, every: Ints, series: tuple[Ints, Ints, Ints], run: Run
    ) -> dict[str, Column]:
        """Rows by series, then by time; then put into the order of the keys."""
        known, codes, firsts = series
        times = columns[bucket.name]
        assert isinstance(times, Flat)
        length = len(every) * len(firsts)
        places = codes * len(every) + np.searchsorted(every, times.values[known])
        there = np.zeros(length, np.bool_)
        there[places] = True
        row_of_place = known[np.argsort(places)]
        filled: dict[str, Column] = {}
        for item in self.aggregates:
            column = spread(columns[item.name].take(row_of_place), there)
            filled[item.name] = self._gaps(column, there, len(firsts), every, run)
        result: dict[str, Column] = {}
        for key in self.keys:
            if key is bucket:
                result[key.name] = Flat(times.type, np.tile(every, len(firsts)))
            else:
                result[key.name] = columns[key.name].take(np.repeat(firsts, len(every)))
        result |= filled
        if times.valid is not None:
            rest = np.flatnonzero(~times.valid)
            result = {n: concatenate(c.type, [c, columns[n].take(rest)]) for n, c in result.items()}
            length += len(rest)
        order = group([result[key.name] for key in self.keys], length).representatives
        return {name: column.take(order) for name, column in result.items()}


def _buckets_of(bucket: Apply, run: Run, times: Ints) -> Ints:
    """The beginnings of the buckets that these times fall into."""
    of_column = replace(bucket, arguments=(ColumnValue("time", TIME), *bucket.arguments[1:]))
    found = evaluate(of_column, Batch(len(times), computed={"time": Flat(TIME, times)}), run.values)
    assert isinstance(found, Flat)
    return found.values


def _with_default(column: Column, there: Mask, value: object, span: Span) -> Column:
    """A number stands in the gaps of aggregates that are numbers; of what 0 would be a time or a text, nothing."""
    if not isinstance(column, Flat) or column.type.kind not in NUMBER_KINDS or not isinstance(value, (int, float)):
        return column
    if column.type.kind is Kind.INT and value != int(value):
        raise KernelError("PQ0722", span, found=value)
    values = column.values.copy()
    values[~there] = value
    valid = None if column.valid is None else column.valid | ~there
    return Flat(column.type, values, valid)


def _is_time_bucket(key: Named) -> bool:
    return isinstance(key.value, Apply) and key.value.function == "bucket" and key.value.type.kind is Kind.TIME
