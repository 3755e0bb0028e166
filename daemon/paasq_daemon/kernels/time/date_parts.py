"""Calendar fields of times, in UTC or in a zone, and the boundaries of calendar units.

Null where an argument is null, the zone included. A zone that does not exist raises EvaluationError PQ0704.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from paasq_daemon.index.column import Column, Ints, Mask
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.columns import constant_column, dictionary_encode, null_column
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import combine_validity, flat_column, numeric_values, row_count, validity_of
from paasq_daemon.kernels.time.months import DAY_US, month_start_us, months_since_epoch, time_column
from paasq_daemon.kernels.time.zone_offsets import offsets_us, to_utc
from paasq_dsl.diagnostics import similar_names
from paasq_dsl.types import BOOL, DURATION, INT, KEYWORD, TIME, TypeKind
from paasq_dsl.values import MICROS_PER_UNIT

MONDAY_US = 4 * DAY_US  # 5 January 1970, the first Monday


@dataclass(frozen=True, slots=True)
class _Unit:
    """Calendar months, or microseconds counted from an origin. By the clock a unit has the same length in every zone."""

    months: int = 0
    micros: int = 0
    origin: int = 0
    by_clock: bool = False


_UNITS = {
    "second": _Unit(micros=MICROS_PER_UNIT["s"], by_clock=True),
    "minute": _Unit(micros=MICROS_PER_UNIT["min"], by_clock=True),
    "hour": _Unit(micros=MICROS_PER_UNIT["h"], by_clock=True),
    "day": _Unit(micros=DAY_US),
    "week": _Unit(micros=MICROS_PER_UNIT["w"], origin=MONDAY_US),
    "month": _Unit(months=1),
    "quarter": _Unit(months=3),
    "year": _Unit(months=12),
}


@scalar_kernel("is_weekend")
def is_weekend(call: KernelCall, time: Column, zone: Column | None = None) -> Column:
    """FlatColumn[bool]: whether it is Saturday or Sunday in the zone (UTC where None)."""
    local, _ = _local(call, time, zone)
    return flat_column(BOOL, _weekday(local) >= 6, _valid(time, zone))


@scalar_kernel("date")
def date(call: KernelCall, time: Column, zone: Column | None = None) -> Column:
    """FlatColumn[time]: the start of the day in the zone (UTC where None)."""
    return start_of(call, time, constant_column(KEYWORD, "day", 1), zone)


@scalar_kernel("start_of")
def start_of(call: KernelCall, time: Column, unit: Column, zone: Column | None = None) -> Column:
    """FlatColumn[time]: the start of the time's unit (second to year, weeks on Monday) in the zone (UTC where None).

    Raises EvaluationError PQ0754 for an unknown unit.
    """
    return _boundary(call, time, unit, zone, ahead=0)


@scalar_kernel("end_of")
def end_of(call: KernelCall, time: Column, unit: Column, zone: Column | None = None) -> Column:
    """FlatColumn[time]: the start of the next unit; otherwise as `start_of`."""
    return _boundary(call, time, unit, zone, ahead=1)


@scalar_kernel("days_between")
def days_between(call: KernelCall, start: Column, end: Column, zone: Column | None = None) -> Column:
    """FlatColumn[int64]: midnights of the zone between the two times, negative where `end` is earlier."""
    (first, _), (last, _) = _local(call, start, zone), _local(call, end, zone)
    return flat_column(INT, last // DAY_US - first // DAY_US, combine_validity(_valid(start, zone), validity_of(end)))


@scalar_kernel("months_between")
def months_between(call: KernelCall, start: Column, end: Column, zone: Column | None = None) -> Column:
    """FlatColumn[int64]: month starts of the zone between the two times, negative where `end` is earlier."""
    (first, _), (last, _) = _local(call, start, zone), _local(call, end, zone)
    return flat_column(
        INT,
        months_since_epoch(last) - months_since_epoch(first),
        combine_validity(_valid(start, zone), validity_of(end)),
    )


@scalar_kernel("zone_offset")
def zone_offset(call: KernelCall, time: Column, zone: Column) -> Column:
    """FlatColumn[duration]: microseconds that the zone is ahead of UTC at the time."""
    return flat_column(DURATION, _local(call, time, zone)[1], _valid(time, zone))


def _local(call: KernelCall, time: Column, zone: Column | None) -> tuple[Ints, Ints]:
    """Times as the clocks of the zone show them, and how much these are ahead of UTC."""
    times = numeric_values(time)
    if zone is None or zone.type.kind is TypeKind.NULL:
        return times, np.zeros(len(times), np.int64)
    ahead = offsets_us(times, zone, call.span)
    return checked_integers.add(times, ahead, _valid(time, zone), call.span), ahead


def _valid(time: Column, zone: Column | None) -> Mask | None:
    return validity_of(time) if zone is None else combine_validity(validity_of(time), validity_of(zone))


def _boundary(call: KernelCall, time: Column, unit: Column, zone: Column | None, *, ahead: int) -> Column:
    rows = row_count((time, unit) if zone is None else (time, unit, zone))
    if any(c is not None and c.type.kind is TypeKind.NULL for c in (time, unit, zone)):
        return null_column(TIME, rows)
    local, offsets = (np.broadcast_to(part, rows) for part in _local(call, time, zone))
    valid = combine_validity(_valid(time, zone), validity_of(unit))
    found = np.zeros(rows, np.int64)
    for measure, where in _by_unit(call, unit, rows):
        begins = _start(call, local[where], measure, ahead)
        if measure.by_clock or zone is None:
            found[where] = begins - offsets[where]
        else:
            found[where] = to_utc(begins, zone if len(zone) == 1 else zone.take(where), call.span)
    return time_column(found, valid, call.span)


def _start(call: KernelCall, local: Ints, unit: _Unit, ahead: int) -> Ints:
    if unit.months:
        return month_start_us((months_since_epoch(local) // unit.months + ahead) * unit.months)
    begins = checked_integers.subtract(local, (local - unit.origin) % unit.micros, None, call.span)
    return checked_integers.add(begins, np.array([ahead * unit.micros]), None, call.span)


def _by_unit(call: KernelCall, unit: Column, rows: int) -> Iterator[tuple[_Unit, Ints]]:
    names = dictionary_encode(unit)
    codes = np.broadcast_to(names.codes, rows)
    for code in np.unique(codes[codes >= 0]):
        name = str(names.dictionary[code])
        if name not in _UNITS:
            meant = similar_names(name, _UNITS)
            units = ", ".join(_UNITS)
            raise EvaluationError("PQ0754", call.span, candidates=meant, name=repr(name), units=units)
        yield _UNITS[name], np.flatnonzero(codes == code)


def _weekday(local: Ints) -> Ints:
    return (local // DAY_US + 3) % 7 + 1  # day 0 was a Thursday


def _day_of_year(local: Ints) -> Ints:
    return (local - month_start_us(months_since_epoch(local) // 12 * 12)) // DAY_US + 1


def _thursday(local: Ints) -> Ints:
    """Of the same week: what decides its year."""
    return local + (4 - _weekday(local)) * DAY_US


_Part: TypeAlias = "Callable[[Ints], Ints]"
_PARTS: dict[str, _Part] = {
    "year": lambda t: months_since_epoch(t) // 12 + 1970,
    "quarter": lambda t: months_since_epoch(t) % 12 // 3 + 1,
    "month": lambda t: months_since_epoch(t) % 12 + 1,
    "week": lambda t: (_day_of_year(_thursday(t)) - 1) // 7 + 1,
    "week_year": lambda t: months_since_epoch(_thursday(t)) // 12 + 1970,
    "day_of_year": _day_of_year,
    "day": lambda t: (t - month_start_us(months_since_epoch(t))) // DAY_US + 1,
    "weekday": _weekday,
    "hour": lambda t: t // MICROS_PER_UNIT["h"] % 24,
    "minute": lambda t: t // MICROS_PER_UNIT["min"] % 60,
    "second": lambda t: t // MICROS_PER_UNIT["s"] % 60,
}


def _register(name: str, part: _Part) -> None:
    @scalar_kernel(name)
    def apply(call: KernelCall, time: Column, zone: Column | None = None) -> Column:
        return flat_column(INT, part(_local(call, time, zone)[0]), _valid(time, zone))


for _name, _part in _PARTS.items():
    _register(_name, _part)
