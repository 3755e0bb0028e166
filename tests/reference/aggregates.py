"""summarize: groups, their aggregates, and the gaps between time buckets filled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from paasq_dsl.bound import Apply, Named, SummarizeStage
from paasq_dsl.types import NUMBER_KINDS, Kind, Type
from paasq_dsl.values import add_months
from reference.records import Refused, Row
from reference.values import Evaluator, fitted, order_key


def summarize(evaluator: Evaluator, stage: SummarizeStage, rows: list[Row]) -> list[Row]:
    groups: dict[Any, tuple[Row, list[Row]]] = {} if stage.keys else {(): ({}, [])}
    for row in rows:
        keys = {key.name: evaluator.value(key.value, row) for key in stage.keys}
        groups.setdefault(_group_key(keys), (keys, []))[1].append(row)
    found = [
        keys | {item.name: _aggregate(evaluator, item, members) for item in stage.aggregates}
        for keys, members in groups.values()
    ]
    if stage.fill is not None:
        found = _filled(evaluator, stage, found)
    return sorted(found, key=lambda row: _group_key({key.name: row[key.name] for key in stage.keys}))


def _group_key(keys: dict[str, Any]) -> tuple[Any, ...]:
    """Ordered as the groups are: nulls last."""
    return tuple((1,) if value is None else (0, order_key(value)) for value in keys.values())


def _aggregate(evaluator: Evaluator, item: Named, rows: list[Row]) -> Any:
    call = item.value
    assert isinstance(call, Apply)
    if not call.arguments:
        return len(rows)
    values = [v for row in rows if (v := evaluator.value(call.arguments[0], row)) is not None]
    extra = [evaluator.value(argument, {}) for argument in call.arguments[1:]]
    found = _AGGREGATES[call.function](values, *extra)
    if isinstance(found, int) and not -(2**63) <= found < 2**63:
        raise Refused("a sum of more than 64 bits")
    return fitted(found, call.type)


def _percentile(values: list[float], percent: float) -> float | None:
    if not values:
        return None
    values = sorted(values)
    place = (len(values) - 1) * percent / 100
    low = math.floor(place)
    above = values[min(low + 1, len(values) - 1)]
    return values[low] + (above - values[low]) * (place - low)


def _filled(evaluator: Evaluator, stage: SummarizeStage, found: list[Row]) -> list[Row]:
    """A row for each bucket from the first to the last, for each value of the other keys; those of no time stay."""
    bucket = next(k for k in stage.keys if isinstance(k.value, Apply) and k.value.function == "bucket"
                  and k.value.type.kind is Kind.TIME)  # fmt: skip
    known = [row for row in found if row[bucket.name] is not None]
    if not known:
        return found
    assert isinstance(bucket.value, Apply)
    width = evaluator.value(bucket.value.arguments[1], {})
    last = max(row[bucket.name] for row in known)
    beginnings = [min(row[bucket.name] for row in known)]
    while beginnings[-1] < last:
        beginnings.append(add_months(beginnings[-1], width.months) + width.micros)
    assert stage.fill is not None
    value = evaluator.value(stage.fill, {})
    empty = {item.name: _gap(value, item.value.type) for item in stage.aggregates}
    there = {_group_key({k.name: row[k.name] for k in stage.keys}): row for row in known}
    others = {_group_key(k): k for row in known
              for k in [{key.name: row[key.name] for key in stage.keys if key is not bucket}]}.values()  # fmt: skip
    rows: list[Row] = []
    for other in others:
        for beginning in beginnings:
            keys = {key.name: beginning if key is bucket else other[key.name] for key in stage.keys}
            rows.append(there.get(_group_key(keys), keys | empty))
    return rows + [row for row in found if row[bucket.name] is None]


def _gap(value: float | None, type_: Type) -> float | None:
    """A number fills numbers only."""
    if value is None or type_.kind not in NUMBER_KINDS:
        return None
    if type_.kind is Kind.INT and value != int(value):
        raise Refused("a fraction can't fill ints")
    return value if type_.kind is Kind.INT else float(value)


_AGGREGATES: dict[str, Callable[..., Any]] = {
    "count": len,
    "count_distinct": lambda values: len({order_key(v) for v in values}),
    "sum": sum,
    "avg": lambda values: math.fsum(values) / len(values) if values else None,
    "min": lambda values: min(values, key=order_key, default=None),
    "max": lambda values: max(values, key=order_key, default=None),
    "percentile": _percentile,
    "first_value": lambda values: values[0] if values else None,
    "last_value": lambda values: values[-1] if values else None,
    "collect": list,
}
