"""How long records are kept, and what they were before: the settings of a collection and of a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from paasq_dsl.syntax.lexer import format_path
from paasq_dsl.values import MICROS_PER_UNIT, TIME_MIN_US, Duration, add_months, parse_duration

CONFIRMED_TIME = "_confirmed"  # what a record's age is counted from where no field is named


@dataclass(frozen=True, slots=True)
class TimeToLive:
    """`keep 90d by at`: a record is deleted once the time in its field `by` is `age` past. One without a time there stays."""

    age: Duration
    by: str = CONFIRMED_TIME

    def __str__(self) -> str:
        return f"keep {self.text}"

    @property
    def text(self) -> str:
        """`90d by at`, or `90d`."""
        return str(self.age) + ("" if self.by == CONFIRMED_TIME else f" by {format_path(self.by)}")

    def with_field_renamed(self, new_name_of: Mapping[str, str]) -> TimeToLive:
        """Counted from the same field under its new name."""
        return replace(self, by=new_name_of.get(self.by, self.by))


@dataclass(frozen=True, slots=True)
class HistoryBound:
    """`history 30d`: what was replaced or deleted goes once that is `age` past. None: it is kept for ever."""

    age: Duration | None

    def __str__(self) -> str:
        return f"history {self.text}"

    @property
    def text(self) -> str:
        """A duration, or `all`, or `none` where that has no length."""
        return "all" if self.age is None else str(self.age) if self.age != Duration() else "none"

    @property
    def length_us(self) -> float:
        """In microseconds, to compare two bounds by; infinite where all is kept."""
        return float("inf") if self.age is None else self.age.length_us


HISTORY_ALL, HISTORY_NONE = HistoryBound(None), HistoryBound(Duration())
HISTORY_DEFAULT = HistoryBound(Duration(0, 90 * MICROS_PER_UNIT["d"]))  # of a store that says nothing


def moment_before(now_us: int, age: Duration) -> int:
    """The moment that is `age` before another, both in microseconds since 1970, UTC; the first of the year 1 at the earliest."""
    try:
        return max(TIME_MIN_US, add_months(now_us, -age.months) - age.micros)
    except (OverflowError, ValueError):
        return TIME_MIN_US


def history_from_text(text: str) -> HistoryBound:
    """The inverse of `HistoryBound.text`. Raises ValueError."""
    return {"all": HISTORY_ALL, "none": HISTORY_NONE}.get(text) or HistoryBound(parse_duration(text))


def time_to_live_from_json(data: Mapping[str, Any]) -> TimeToLive:
    """The inverse of `time_to_live_to_json`. Raises ValueError or KeyError."""
    return TimeToLive(parse_duration(data["age"]), data["by"])


def time_to_live_to_json(rule: TimeToLive) -> dict[str, str]:
    """The age as text, such as `90d`, and the name of the field that it is counted from."""
    return {"age": str(rule.age), "by": rule.by}
