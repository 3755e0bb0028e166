"""Times and durations as the language writes them. A time is an int, microseconds since 1970 in UTC."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import TypeAlias

from paasq_dsl.diagnostics import CodedError

MICROS_PER_UNIT = {
    "ms": 1_000,
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
MONTHS_PER_UNIT = {"mo": 1, "y": 12}
MONTH_MICROS = 2_629_746_000_000  # a twelfth of the Gregorian year's 365.2425 days: where a month needs a length
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
DURATION_MONTHS_MAX = INT_MAX // MONTH_MICROS  # whose length in microseconds still has 64 bits
TIME_MIN_US, TIME_MAX_US = -62_135_596_800_000_000, 253_402_300_799_999_999  # the years 1 to 9999
FLOAT_EXACT_INT_MAX = 2**53  # below it, up or down, a float is every int

_AMOUNT_CHARACTERS_MAX = 40  # of one number in a duration: no longer one is in range
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|min|mo|s|h|d|w|y)")


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time: whole calendar months (their length depends on where they start) and microseconds."""

    months: int = 0
    micros: int = 0

    def __str__(self) -> str:
        parts: list[str] = []
        months, micros = self.months, self.micros
        sign = "-" if (months or micros) < 0 else ""
        months, micros = abs(months), abs(micros)
        for unit, size in reversed(MONTHS_PER_UNIT.items()):
            if months >= size:
                parts.append(f"{months // size}{unit}")
                months %= size
        for unit, size in reversed(MICROS_PER_UNIT.items()):
            if micros >= size and unit not in {"w", "ms"}:
                parts.append(f"{micros // size}{unit}")
                micros %= size
        if micros:
            whole, part = divmod(micros, 1000)
            parts.append(f"{whole}.{part:03}".rstrip("0") + "ms" if part else f"{whole}ms")
        return sign + ("".join(parts) or "0s")

    @property
    def length_us(self) -> int:
        """In microseconds, a month counted as `MONTH_MICROS`: what durations are compared and indexed by."""
        return self.months * MONTH_MICROS + self.micros

    @property
    def is_storable(self) -> bool:
        """Whether its months alone, and all of its length, have 64 bits in microseconds, as columns hold it."""
        return abs(self.months) <= DURATION_MONTHS_MAX and INT_MIN <= self.length_us <= INT_MAX


class LiteralValueError(CodedError, ValueError):
    """A time or a duration that is written as such and is none."""


Value: TypeAlias = "bool | int | float | str | bytes | Duration | list[Value] | dict[str, Value] | None"


def parse_duration(text: str) -> Duration:
    """`1h30min` -> Duration. Raises ValueError on anything else, on a part of a month, and where it is too long."""
    duration = parse_unbounded_duration(text)
    if duration.months > 12 * 20_000 or not duration.is_storable:
        raise LiteralValueError("PQ0132", text=text)
    return duration


def parse_unbounded_duration(text: str) -> Duration:
    """As `parse_duration`, of any length: computed ones may be longer than any that somebody writes."""
    months = micros = end = 0
    for part in _DURATION.finditer(text):
        if part.start() != end:
            break
        end = part.end()
        amount, unit = part.groups()
        if len(amount) > _AMOUNT_CHARACTERS_MAX:
            raise LiteralValueError("PQ0132", text=text)
        if unit in MONTHS_PER_UNIT:
            if "." in amount:
                raise LiteralValueError("PQ0133", text=text)
            months += int(amount) * MONTHS_PER_UNIT[unit]
        else:
            micros += round(Decimal(amount) * MICROS_PER_UNIT[unit])
    if not end or end != len(text):
        raise ValueError(f"{text!r} is not a duration such as 7d, 90min or 1h30min")
    return Duration(months, micros)


def parse_time(text: str, zone: tzinfo = UTC) -> int:
    """ISO 8601 date or time -> microseconds since 1970 in UTC. Without an offset the time is one of the clocks of `zone`:
    the first of two where these show it twice; where they jump over it, as if they had not jumped yet.

    Raises LiteralValueError, also where the moment is outside the years 1 to 9999 in UTC.
    """
    moment = to_micros(parse_datetime(text), zone)
    if not is_time(moment):
        raise LiteralValueError("PQ0131", text=repr(text))
    return moment


def is_time(micros: int) -> bool:
    """Whether microseconds since 1970 in UTC are a moment of the years 1 to 9999."""
    return TIME_MIN_US <= micros <= TIME_MAX_US


def parse_datetime(text: str) -> datetime:
    """As `parse_time`; without an offset the datetime has no zone."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise LiteralValueError("PQ0131", text=repr(text)) from None


def to_micros(when: datetime | date, zone: tzinfo = UTC) -> int:
    """`zone` is that of a moment which has none of its own."""
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day, tzinfo=zone)
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone)
    return (when - EPOCH) // timedelta(microseconds=1)


def to_datetime(micros: int, zone: tzinfo = UTC) -> datetime:
    """An aware datetime in `zone`. Raises OverflowError for years outside 1..9999."""
    return (EPOCH + timedelta(microseconds=micros)).astimezone(zone)


def format_time(micros: int) -> str:
    """`2026-11-22T09:30:00Z`, with as many digits of a second as are needed; years outside 1..9999 as a number."""
    try:
        moment = to_datetime(micros)
    except OverflowError:
        return f"{micros}us"
    text = moment.replace(tzinfo=None).isoformat(timespec="seconds")
    if moment.microsecond:
        text += f".{moment.microsecond:06}".rstrip("0")
    return text + "Z"


def add_months(micros: int, months: int, zone: tzinfo = UTC) -> int:
    """The same local day and time `months` later; the month's last day where the day does not exist."""
    moment = to_datetime(micros, zone)
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return to_micros(moment.replace(year=year, month=month + 1, day=day))
