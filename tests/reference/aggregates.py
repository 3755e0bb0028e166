"""summarize: groups, their aggregates, and the gaps between time buckets filled."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from statistics import StatisticsError, correlation, linear_regression, stdev, variance
from typing import Any

from paasq_dsl.bound import BoundExpression, ColumnRef, FunctionCall, SummarizeStage
from paasq_dsl.bound.traversal import substitute, window_calls
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.types import NUMERIC_KINDS, Type, TypeKind
from paasq_dsl.values import Duration, add_months
from reference.library import instant, length_us, shown
from reference.records import Refused, Row
from reference.values import Evaluator, fitted, order_key


def summarize(evaluator: Evaluator, stage: SummarizeStage, rows: list[Row]) -> list[Row]:
    groups: dict[Any, tuple[Row, list[Row]]] = {} if stage.keys else {(): ({}, [])}
    for row in rows:
        keys = {key.name: evaluator.value(key.value, row) for key in stage.keys}
        groups.setdefault(_group_key(keys), (keys, []))[1].append(row)
    found = [
        keys | {item.name: _over_group(evaluator, item.value, members, keys) for item in stage.aggregates}
        for keys, members in groups.values()
    ]
    if stage.fill_method == "linear":
        found = [row | {i.name: _as_float(row[i.name], i.value.type) for i in stage.aggregates} for row in found]
    if stage.fill is not None or stage.fill_method is not None:
        found = _filled(evaluator, stage, found)
    return sorted(found, key=lambda row: _group_key({key.name: row[key.name] for key in stage.keys}))


def _group_key(keys: dict[str, Any]) -> tuple[Any, ...]:
    """Ordered as the groups are: nulls last."""
    return tuple((1,) if value is None else (0, order_key(value)) for value in keys.values())


def _over_group(evaluator: Evaluator, value: BoundExpression, rows: list[Row], keys: Row) -> Any:
    """Of an expression made of aggregates, and of the keys of the group."""
    names = {call: ColumnRef(f"`{i}", call.type) for i, call in enumerate(window_calls(value))}
    found = {column.name: aggregated(evaluator, call, rows) for call, column in names.items()}
    return evaluator.value(substitute(value, names), keys | found)


def aggregated(evaluator: Evaluator, call: BoundExpression, rows: list[Row]) -> Any:
    assert isinstance(call, FunctionCall)
    if not call.arguments:
        return len(rows)
    fixed = FUNCTIONS[call.function].constant_arguments
    count = len(call.arguments) - len(fixed)
    tuples = [tuple(evaluator.value(a, row) for a in call.arguments[:count]) for row in rows]
    values = [t if count > 1 else t[0] for t in tuples if None not in t or call.function == "all"]
    extra = [evaluator.value(argument, {}) for argument in call.arguments[count:]]
    found = AGGREGATES[call.function](values, *extra)
    if found == 0 and call.type.kind is TypeKind.DURATION:
        return Duration()
    if isinstance(found, float) and call.type.kind is TypeKind.TIME:
        return math.floor(found + 0.5)
    if isinstance(found, int) and not -(2**63) <= found < 2**63:
        raise Refused("a sum of more than 64 bits")
    return fitted(found, call.type)


def total(values: list[Any]) -> Any:
    if not values or not isinstance(values[0], Duration):
        return sum(values)
    found = Duration(sum(d.months for d in values), sum(d.micros for d in values))
    if not -(2**63) <= found.micros < 2**63:
        raise Refused("a sum of more than 64 bits")
    return found


def mean(values: list[Any]) -> Any:
    if not values or not isinstance(values[0], Duration):
        return math.fsum(values) / len(values) if values else None
    found = total(values)
    months = int(Fraction(found.months, len(values)))  # towards 0
    left = found.months - months * len(values)
    rest = Fraction(left * length_us(Duration(1)) + found.micros, len(values))
    return Duration(months, math.floor(rest + Fraction(1, 2)))


def _percentile(values: list[Any], percent: float) -> Any:
    """Of times not yet rounded."""
    if not values:
        return None
    values = sorted(values, key=order_key)
    place = (len(values) - 1) * percent / 100
    low = math.floor(place)
    below, above = values[low], values[min(low + 1, len(values) - 1)]
    if not isinstance(below, Duration):
        return below + (above - below) * (place - low)
    step = (length_us(above) - length_us(below)) * (place - low)
    return Duration(below.months, below.micros + math.floor(step + 0.5))


def _spread(values: list[float], compute: Callable[[list[float]], float]) -> float | None:
    return compute(values) if len(values) > 1 else None


def _correlation(pairs: list[tuple[float, float]]) -> float | None:
    if any(len(set(values)) == 1 for values in zip(*pairs, strict=True)):
        return None  # their mean may miss them by a bit, and what is left of that means nothing
    try:
        return correlation(*zip(*pairs, strict=True))
    except (StatisticsError, TypeError):
        return None


def _slope(pairs: list[tuple[float, float]]) -> float | None:
    if len({y for _, y in pairs}) == 1:
        return None
    try:
        return linear_regression([x for _, x in pairs], [y for y, _ in pairs]).slope
    except StatisticsError:
        return None


def _histogram(values: list[float], ranges: int) -> list[int] | None:
    if not values:
        return None
    low, width = min(values), max(values) - min(values)
    cells = Counter(min(int((v - low) / (width or 1) * ranges), ranges - 1) for v in values)
    return [cells[i] for i in range(ranges)]


def _at_extreme(pairs: list[tuple[Any, Any]], best: Callable[..., Any]) -> Any:
    return best(pairs, key=lambda pair: order_key(pair[1]))[0] if pairs else None


def _once(values: list[Any]) -> list[Any]:
    return [v for i, v in enumerate(values) if order_key(v) not in map(order_key, values[:i])]


def _mode(values: list[Any]) -> Any:
    counts = Counter(order_key(v) for v in values)
    return min(values, key=lambda v: (-counts[order_key(v)], order_key(v)), default=None)


def _filled(evaluator: Evaluator, stage: SummarizeStage, found: list[Row]) -> list[Row]:
    """A row for each bucket from the first to the last, for each value of the other keys; those of no time stay."""
    bucket = next(k for k in stage.keys if isinstance(k.value, FunctionCall) and k.value.function == "bucket"
                  and k.value.type.kind is TypeKind.TIME)  # fmt: skip
    known = [row for row in found if row[bucket.name] is not None]
    if not known:
        return found
    assert isinstance(bucket.value, FunctionCall)
    width = evaluator.value(bucket.value.arguments[1], {})
    zone = evaluator.value(bucket.value.arguments[2], {}) if len(bucket.value.arguments) > 2 else "UTC"
    last = max(row[bucket.name] for row in known)
    beginnings = [min(row[bucket.name] for row in known)]
    while beginnings[-1] < last:
        clock = add_months(shown(beginnings[-1], zone), width.months) + width.micros
        beginnings.append(instant(clock, zone))
    value = None if stage.fill is None else evaluator.value(stage.fill, {})
    empty = {item.name: _gap(value, item.value.type) for item in stage.aggregates}
    there = {_group_key({k.name: row[k.name] for k in stage.keys}): row for row in known}
    others = {_group_key(k): k for row in known
              for k in [{key.name: row[key.name] for key in stage.keys if key is not bucket}]}.values()  # fmt: skip
    rows: list[Row] = []
    for other in others:
        series: list[Row] = []
        gaps: list[int] = []
        for beginning in beginnings:
            keys = {key.name: beginning if key is bucket else other[key.name] for key in stage.keys}
            gaps += [] if _group_key(keys) in there else [len(series)]
            series.append(there.get(_group_key(keys), keys | empty))
        for item in stage.aggregates if stage.fill_method else ():
            values = [(row[bucket.name], row[item.name]) for row in series]
            for gap in gaps:
                series[gap] = series[gap] | {item.name: _between(stage, values, gap)}
        rows += series
    return rows + [row for row in found if row[bucket.name] is None]


def _between(stage: SummarizeStage, values: list[tuple[int, Any]], gap: int) -> Any:
    """By the values before and after; a value in a gap is null."""
    before = next((pair for pair in reversed(values[:gap]) if pair[1] is not None), None)
    after = next((pair for pair in values[gap + 1 :] if pair[1] is not None), None)
    if stage.fill_method == "previous":
        return before and before[1]
    if before is None or after is None or not isinstance(before[1], float):
        return None
    share = (values[gap][0] - before[0]) / (after[0] - before[0])
    return before[1] + (after[1] - before[1]) * share


def _as_float(value: Any, type_: Type) -> Any:
    return float(value) if type_.kind is TypeKind.INT and value is not None else value


def _gap(value: float | None, type_: Type) -> float | None:
    """A number fills numbers only."""
    if value is None or type_.kind not in NUMERIC_KINDS:
        return None
    if type_.kind is TypeKind.INT and value != int(value):
        raise Refused("a fraction can't fill ints")
    return value if type_.kind is TypeKind.INT else float(value)


AGGREGATES: dict[str, Callable[..., Any]] = {
    "count": len,
    "count_distinct": lambda values: len({order_key(v) for v in values}),
    "sum": total,
    "avg": mean,
    "min": lambda values: min(values, key=order_key, default=None),
    "max": lambda values: max(values, key=order_key, default=None),
    "percentile": _percentile,
    "first_value": lambda values: values[0] if values else None,
    "last_value": lambda values: values[-1] if values else None,
    "collect": list,
    "collect_distinct": _once,
    "count_if": lambda values: sum(v is True for v in values),
    "any": lambda values: True in values,
    "all": lambda values: all(v is True for v in values),
    "sum_if": lambda pairs: total([v for v, wanted in pairs if wanted]),
    "avg_if": lambda pairs: AGGREGATES["avg"]([v for v, wanted in pairs if wanted]),
    "median": lambda values: _percentile(values, 50),
    "variance": lambda values: _spread(values, variance),
    "stddev": lambda values: _spread(values, stdev),
    "correlation": _correlation,
    "slope": _slope,
    "histogram": _histogram,
    "mode": _mode,
    "min_by": lambda pairs: _at_extreme(pairs, min),
    "max_by": lambda pairs: _at_extreme(pairs, max),
}
