"""The functions of the language, one value at a time. Each gets `now`, the call as bound, and its arguments' values."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from paasq_dsl.bound import FunctionCall
from paasq_dsl.values import INT_MAX, INT_MIN, MICROS_PER_UNIT, Duration, parse_time, to_datetime, to_micros
from reference.library import PLAIN, WITH_CALL, length_us, written

_MONDAY_US = 4 * MICROS_PER_UNIT["d"]  # 5 January 1970


def _plain(compute: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is null where an argument is."""
    return lambda _now, _call, *values: None if None in values else compute(*values)


def _coalesce(_now: int, _call: FunctionCall, *values: Any) -> Any:
    return next((v for v in values if v is not None), None)


def _extreme(best: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _now, _call, *values: best((v for v in values if v is not None), default=None)


def _concat(_now: int, call: FunctionCall, *values: Any) -> str:
    return "".join(written(v, a.type) for v, a in zip(values, call.arguments, strict=True) if v is not None)


def _string(_now: int, call: FunctionCall, value: Any) -> str | None:
    return None if value is None else written(value, call.arguments[0].type)


def _join(_now: int, call: FunctionCall, items: Any, separator: Any) -> str | None:
    if items is None or separator is None:
        return None
    item_type = call.arguments[0].type.item
    assert item_type is not None
    return str(separator).join(written(v, item_type) for v in items if v is not None)


def _int(value: Any) -> int | None:
    try:
        found = int(value)
    except (ValueError, OverflowError):
        return None
    return found if INT_MIN <= found <= INT_MAX else None


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _time(text: str, zone: str = "UTC") -> int | None:
    try:
        return parse_time(text.strip(), ZoneInfo(zone))
    except ValueError:
        return None


def _at(items: list[Any], place: int) -> Any:
    return items[place] if 0 <= place < len(items) else None


def _substring(text: str, start: int, count: int | None = None) -> str:
    start = max(start, 0)
    return text[start:] if count is None else text[start : start + max(count, 0)]


def _bucket(value: Any, width: Any, zone: str | None = None) -> Any:
    if zone is not None:
        return _bucket_by_clock(value, width, ZoneInfo(zone))
    if not isinstance(width, Duration):
        return math.floor(value / width) * width
    if width.months:
        moment = to_datetime(value)
        month = (moment.year * 12 + moment.month - 1) // width.months * width.months
        return to_micros(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))
    origin = _MONDAY_US if width.micros % MICROS_PER_UNIT["w"] == 0 else 0
    return value - (value - origin) % width.micros


def _bucket_by_clock(value: int, width: Duration, zone: ZoneInfo) -> int:
    """The clock's time cut as one of UTC would be, then what moment that was. Of two moments at which the clock shows it a
    bucket of more than an hour begins at the first, a shorter one at the last before the value; where the clock jumps over
    it, at the jump."""
    shown = to_datetime(value, zone).replace(tzinfo=UTC)
    local = to_datetime(_bucket(to_micros(shown), width)).replace(tzinfo=None)
    moments = [to_micros(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)]
    real = [m for m in moments if to_datetime(m, zone).replace(tzinfo=None) == local]
    if not real:  # half of the gap lies behind the jump, which is looked for by the minute
        return next(
            m
            for m in range(min(moments), max(moments) + 1, MICROS_PER_UNIT["min"])
            if _offset(m, zone) > _offset(m - 1, zone)
        )
    long = length_us(width) > MICROS_PER_UNIT["h"]
    return min(real) if long else max((m for m in real if m <= value), default=min(real))


def _offset(moment: int, zone: ZoneInfo) -> int:
    shown = to_datetime(moment, zone)
    return to_micros(shown.replace(tzinfo=UTC)) - moment


def _age(now: int, _call: FunctionCall, time: Any) -> Duration | None:
    return None if time is None else Duration(0, now - time)


def _recency(now: int, _call: FunctionCall, time: Any, half_life: Any) -> float:
    if time is None or half_life is None:
        return 0.0
    return float(2 ** -(max(now - time, 0) / half_life.micros))


def _logarithm(compute: Callable[[float], float]) -> Callable[..., Any]:
    return _plain(lambda value: compute(value) if value > 0 else None)


def _power(base: float, exponent: float) -> Any:
    try:
        found = math.pow(base, exponent)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    return found


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _plain(compute) for name, compute in PLAIN.items()},
    **WITH_CALL,
    "coalesce": _coalesce,
    "is_null": lambda _now, _call, value: value is None,
    "int": _plain(_int),
    "float": _plain(_float),
    "string": _string,
    "time": _plain(_time),
    "first": _plain(lambda items: _at(items, 0)),
    "last": _plain(lambda items: _at(items, len(items) - 1)),
    "at": _plain(_at),
    "join": _join,
    "lower": _plain(str.lower),
    "upper": _plain(str.upper),
    "trim": _plain(str.strip),
    "length": _plain(len),
    "contains": _plain(lambda text, part: part in text),
    "starts_with": _plain(str.startswith),
    "ends_with": _plain(str.endswith),
    "concat": _concat,
    "replace": _plain(lambda text, old, new: text.replace(old, new) if old else text),
    "substring": _plain(_substring),
    "split": _plain(lambda text, separator: text.split(separator) if separator else [text]),
    "words": _plain(lambda text: len(text.split())),
    "abs": _plain(abs),
    "round": _plain(lambda value, digits=0: float(round(value, digits))),
    "floor": _plain(math.floor),
    "ceil": _plain(math.ceil),
    "sqrt": _plain(lambda value: math.sqrt(value) if value >= 0 else None),
    "ln": _logarithm(math.log),
    "log10": _logarithm(math.log10),
    "power": _plain(_power),
    "least": _extreme(min),
    "greatest": _extreme(max),
    "bucket": _plain(_bucket),
    "seconds": _plain(lambda length: length_us(length) / MICROS_PER_UNIT["s"]),
    "age": _age,
    "recency": _recency,
}
