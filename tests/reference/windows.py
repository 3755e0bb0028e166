"""Window functions and aggregates beside each row, one row at a time, each from a look at its whole group."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from paasq_dsl.bound import BoundExpression, ColumnRef, FunctionCall, NamedExpression
from paasq_dsl.bound.traversal import substitute, window_calls
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.types import TypeKind
from paasq_dsl.values import INT_MAX, INT_MIN, MICROS_PER_UNIT, Duration, add_months, to_datetime, to_micros
from reference.aggregates import aggregated, mean, total
from reference.library import length_us
from reference.records import Refused, Row, Undecided
from reference.values import Evaluator, fitted, order_key

ROWS_MAX = 300  # each window looks at all rows for each: of thousands, as filled buckets make them, for minutes


def with_windows(
    evaluator: Evaluator, items: Sequence[NamedExpression], keys: Sequence[BoundExpression], rows: list[Row]
) -> tuple[list[NamedExpression], list[Row]]:
    """The items with a column for each call that looks at other rows, and the rows with these columns."""
    calls = dict.fromkeys(call for item in items for call in window_calls(item.value))
    if calls and len(rows) > ROWS_MAX:
        raise Undecided
    names = {call: ColumnRef(f"window {i}", call.type) for i, call in enumerate(calls)}
    groups: dict[Any, list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault(tuple(order_key(evaluator.value(key, row)) for key in keys), []).append(i)
    found = [dict(row) for row in rows]
    for call, column in names.items():
        for members in groups.values():
            group = _Group(evaluator, call, [rows[i] for i in members])
            for place, i in enumerate(members):
                found[i][column.name] = group.value(place)
    return [NamedExpression(item.name, substitute(item.value, names)) for item in items], found


@dataclass(frozen=True)
class _Group:
    evaluator: Evaluator
    call: FunctionCall
    rows: list[Row]

    def value(self, place: int) -> Any:
        if FUNCTIONS[self.call.function].kind is FunctionKind.AGGREGATE:
            return aggregated(self.evaluator, self.call, self.rows)
        return _bounded(WINDOWS[self.call.function](self, place), self.call)

    def values(self, argument: int = 0) -> list[Any]:
        return [self.evaluator.value(self.call.arguments[argument], row) for row in self.rows]

    def fixed(self, argument: int, otherwise: Any = None) -> Any:
        arguments = self.call.arguments
        return self.evaluator.value(arguments[argument], {}) if argument < len(arguments) else otherwise

    def known(self, upto: int) -> list[Any]:
        return [v for v in self.values()[: upto + 1] if v is not None]

    def difference(self, argument: int, place: int) -> Any:
        """Of this row and the one before."""
        if place == 0:
            return None
        type_ = self.call.arguments[argument].type
        here, before = ColumnRef("here", type_), ColumnRef("before", type_)
        result = self.call.type if self.call.function == "delta" else type_
        values = self.values(argument)
        return self.evaluator.value(
            FunctionCall("-", (here, before), result), {"here": values[place], "before": values[place - 1]}
        )


def _bounded(value: Any, call: FunctionCall) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and call.type.kind is TypeKind.INT and not INT_MIN <= value <= INT_MAX:
        raise Refused("a sum of more than 64 bits")
    if value == 0 and call.type.kind is TypeKind.DURATION:
        return Duration()
    return fitted(value, call.type)


def _neighbour(group: _Group, place: int, sign: int) -> Any:
    distance = group.fixed(1, 1)
    if distance is None or distance < 0:
        raise Refused("a number of rows")
    there = place + sign * distance
    return group.values()[there] if 0 <= there < len(group.rows) else None


def _rate(group: _Group, place: int) -> Any:
    per = length_us(group.fixed(2, Duration(0, 1_000_000)))
    if per <= 0:
        raise Refused("per no time")
    times = group.values(1)
    grown = group.difference(0, place)
    if place == 0 or grown is None or times[place] is None or times[place - 1] is None:
        return None
    passed = times[place] - times[place - 1]
    return grown / passed * per if passed else None


def _ema(group: _Group, place: int) -> Any:
    alpha = group.fixed(1)
    if alpha is None or not 0 < alpha <= 1:
        raise Refused("an alpha")
    values = group.known(place)
    if not values:
        return None
    # the recursion written out: each value by its weight
    weights = [alpha * (1 - alpha) ** (len(values) - 1 - i) for i in range(len(values))]
    weights[0] /= alpha
    return math.fsum(w * v for w, v in zip(weights, values, strict=True))


def _share(group: _Group, place: int) -> Any:
    value, total = group.values()[place], math.fsum(v for v in group.values() if v is not None)
    return None if value is None or total == 0 else value / total


def _rank(group: _Group, place: int, *, dense: bool) -> Any:
    values = [order_key(v) for v in group.values()]
    here = values[place]
    smaller = [v for v in values if v is not None and here is not None and v < here]
    return None if here is None else 1 + len(set(smaller) if dense else smaller)


def _running(reduce: Callable[[list[Any]], Any]) -> Callable[[_Group, int], Any]:
    return lambda group, place: reduce(group.known(place))


def _moving(reduce: Callable[[list[Any]], Any]) -> Callable[[_Group, int], Any]:
    def value(group: _Group, place: int) -> Any:
        width = group.fixed(1)
        if isinstance(width, Duration):
            return _lately(group, place, width, reduce)
        if width is None or width < 1:
            raise Refused("a number of rows")
        return reduce([v for v in group.values()[max(place + 1 - width, 0) : place + 1] if v is not None])

    return value


def _lately(group: _Group, place: int, width: Duration, reduce: Callable[[list[Any]], Any]) -> Any:
    times = group.values(2)
    there = [t for t in times if t is not None]
    if there != sorted(there):
        raise Refused("times that do not ascend")
    now = times[place]
    if now is None:
        return None
    since = _since(now, width, group.fixed(3))
    inside = [v for v, t in zip(group.values(), times, strict=True) if t is not None and since < t <= now]
    return reduce([v for v in inside if v is not None])


def _since(now: int, width: Duration, zone: str | None) -> int:
    if zone is None:
        return add_months(now, -width.months) - width.micros
    clock = to_datetime(now, ZoneInfo(zone))
    days, rest = divmod(width.micros, MICROS_PER_UNIT["d"])
    shown = to_micros(clock.replace(tzinfo=UTC, fold=0))
    earlier = to_datetime(add_months(shown, -width.months) - days * MICROS_PER_UNIT["d"], UTC).replace(
        tzinfo=ZoneInfo(zone)
    )
    return to_micros(earlier) - rest


def _mean(values: list[Any]) -> Any:
    if not values or isinstance(values[0], Duration):
        return mean(values)
    return sum(map(float, values)) / len(values)


_REDUCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": total,
    "avg": _mean,
    "min": lambda values: min(values, key=order_key, default=None),
    "max": lambda values: max(values, key=order_key, default=None),
    "count": len,
}
WINDOWS: dict[str, Callable[[_Group, int], Any]] = {
    "row_number": lambda _, place: place + 1,
    "lag": lambda group, place: _neighbour(group, place, -1),
    "lead": lambda group, place: _neighbour(group, place, 1),
    "delta": lambda group, place: group.difference(0, place),
    "rate": _rate,
    "fill_previous": lambda group, place: (group.known(place) or [None])[-1],
    "ema": _ema,
    "share": _share,
    "rank": lambda group, place: _rank(group, place, dense=False),
    "dense_rank": lambda group, place: _rank(group, place, dense=True),
    **{f"running_{name}": _running(reduce) for name, reduce in _REDUCTIONS.items()},
    **{f"moving_{name}": _moving(reduce) for name, reduce in _REDUCTIONS.items()},
    "moving_median": _moving(lambda values: median(map(float, values)) if values else None),
}
