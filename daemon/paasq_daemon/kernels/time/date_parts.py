"""Parts of times by the calendar, in UTC or in a zone, and where calendar units begin and end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from paasq_daemon.index.column import Column, Ints, Mask
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.columns import constant, encode, null_column
from paasq_daemon.kernels.context import Call, kernel
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import both, flat, numbers, rows_of, valid_of
from paasq_daemon.kernels.time.months import DAY_US, month_of, month_start_us
from paasq_daemon.kernels.time.zone_offsets import offsets_us, to_utc
from paasq_dsl.diagnostics import nearest
from paasq_dsl.types import BOOL, DURATION, INT, KEYWORD, TIME, Kind
from paasq_dsl.values import MICROS

MONDAY_US = 4 * DAY_US  # 5 January 1970, the first Monday


@dataclass(frozen=True, slots=True)
class _Unit:
    """Calendar months, or microseconds counted from an origin. By the clock a unit has the same length in every zone."""

    months: int = 0
    micros: int = 0
    origin: int = 0
    by_clock: bool = False


_UNITS = {
    "second": _Unit(micros=MICROS["s"], by_clock=True),
    "minute": _Unit(micros=MICROS["min"], by_clock=True),
    "hour": _Unit(micros=MICROS["h"], by_clock=True),
    "day": _Unit(micros=DAY_US),
    "week": _Unit(micros=MICROS["w"], origin=MONDAY_US),
    "month": _Unit(months=1),
    "quarter": _Unit(months=3),
    "year": _Unit(months=12),
}


@kernel("is_weekend")
def is_weekend(call: Call, time: Column, zone: Column | None = None) -> Column:
    local, _ = _local(call, time, zone)
    return flat(BOOL, _weekday(local) >= 6, _valid(time, zone))


@kernel("date")
def date(call: Call, time: Column, zone: Column | None = None) -> Column:
    return start_of(call, time, constant(KEYWORD, "day", 1), zone)


@kernel("start_of")
def start_of(call: Call, time: Column, unit: Column, zone: Column | None = None) -> Column:
    return _boundary(call, time, unit, zone, ahead=0)


@kernel("end_of")
def end_of(call: Call, time: Column, unit: Column, zone: Column | None = None) -> Column:
    return _boundary(call, time, unit, zone, ahead=1)


@kernel("days_between")
def days_between(call: Call, start: Column, end: Column, zone: Column | None = None) -> Column:
    (first, _), (last, _) = _local(call, start, zone), _local(call, end, zone)
    return flat(INT, last // DAY_US - first // DAY_US, both(_valid(start, zone), valid_of(end)))


@kernel("months_between")
def months_between(call: Call, start: Column, end: Column, zone: Column | None = None) -> Column:
    (first, _), (last, _) = _local(call, start, zone), _local(call, end, zone)
    return flat(INT, month_of(last) - month_of(first), both(_valid(start, zone), valid_of(end)))


@kernel("zone_offset")
def zone_offset(call: Call, time: Column, zone: Column) -> Column:
    return flat(DURATION, _local(call, time, zone)[1], _valid(time, zone))


def _local(call: Call, time: Column, zone: Column | None) -> tuple[Ints, Ints]:
    """Times as the clocks of the zone show them, and how much these are ahead of UTC."""
    times = numbers(time)
    if zone is None or zone.type.kind is Kind.NULL:
        return times, np.zeros(len(times), np.int64)
    ahead = offsets_us(times, zone, call.span)
    return checked_integers.add(times, ahead, _valid(time, zone), call.span), ahead


def _valid(time: Column, zone: Column | None) -> Mask | None:
    return valid_of(time) if zone is None else both(valid_of(time), valid_of(zone))


def _boundary(call: Call, time: Column, unit: Column, zone: Column | None, *, ahead: int) -> Column:
    rows = rows_of((time, unit) if zone is None else (time, unit, zone))
    if any(c is not None and c.type.kind is Kind.NULL for c in (time, unit, zone)):
        return null_column(TIME, rows)
    local, offsets = (np.broadcast_to(part, rows) for part in _local(call, time, zone))
    valid = both(_valid(time, zone), valid_of(unit))
    found = np.zeros(rows, np.int64)
    for measure, where in _by_unit(call, unit, rows):
        begins = _start(call, local[where], measure, ahead)
        if measure.by_clock or zone is None:
            found[where] = begins - offsets[where]
        else:
            found[where] = to_utc(begins, zone if len(zone) == 1 else zone.take(where), call.span)
    return flat(TIME, found, valid)


def _start(call: Call, local: Ints, unit: _Unit, ahead: int) -> Ints:
    if unit.months:
        return month_start_us((month_of(local) // unit.months + ahead) * unit.months)
    begins = checked_integers.subtract(local, (local - unit.origin) % unit.micros, None, call.span)
    return checked_integers.add(begins, np.array([ahead * unit.micros]), None, call.span)


def _by_unit(call: Call, unit: Column, rows: int) -> Iterator[tuple[_Unit, Ints]]:
    names = encode(unit)
    codes = np.broadcast_to(names.codes, rows)
    for code in np.unique(codes[codes >= 0]):
        name = str(names.dictionary[code])
        if name not in _UNITS:
            meant = nearest(name, _UNITS)
            units = ", ".join(_UNITS)
            raise KernelError("PQ0754", call.span, candidates=meant, name=repr(name), units=units)
        yield _UNITS[name], np.flatnonzero(codes == code)


def _weekday(local: Ints) -> Ints:
    return (local // DAY_US + 3) % 7 + 1  # day 0 was a Thursday


def _day_of_year(local: Ints) -> Ints:
    return (local - month_start_us(month_of(local) // 12 * 12)) // DAY_US + 1


def _thursday(local: Ints) -> Ints:
    """Of the same week: what decides its year."""
    return local + (4 - _weekday(local)) * DAY_US


_Part: TypeAlias = "Callable[[Ints], Ints]"
_PARTS: dict[str, _Part] = {
    "year": lambda t: month_of(t) // 12 + 1970,
    "quarter": lambda t: month_of(t) % 12 // 3 + 1,
    "month": lambda t: month_of(t) % 12 + 1,
    "week": lambda t: (_day_of_year(_thursday(t)) - 1) // 7 + 1,
    "week_year": lambda t: month_of(_thursday(t)) // 12 + 1970,
    "day_of_year": _day_of_year,
    "day": lambda t: (t - month_start_us(month_of(t))) // DAY_US + 1,
    "weekday": _weekday,
    "hour": lambda t: t // MICROS["h"] % 24,
    "minute": lambda t: t // MICROS["min"] % 60,
    "second": lambda t: t // MICROS["s"] % 60,
}


def _register(name: str, part: _Part) -> None:
    @kernel(name)
    def apply(call: Call, time: Column, zone: Column | None = None) -> Column:
        return flat(INT, part(_local(call, time, zone)[0]), _valid(time, zone))


for _name, _part in _PARTS.items():
    _register(_name, _part)
