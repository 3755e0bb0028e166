"""Buckets by the clocks of a zone, against the standard library, around every change of ten zones and far from them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from kernels.table import run
from paasq_daemon.index.column import FlatColumn
from paasq_daemon.kernels.columns import column_from_values
from paasq_daemon.kernels.context import SCALAR_KERNELS, KernelCall
from paasq_daemon.kernels.time.zone_transitions import zone_transitions
from paasq_dsl.source_text import DUMMY_SPAN
from paasq_dsl.types import DURATION, KEYWORD, TIME
from paasq_dsl.values import MICROS_PER_UNIT, Duration, format_time, to_datetime, to_micros

LOW, HIGH = to_micros(datetime(1980, 1, 1, tzinfo=UTC)), to_micros(datetime(2036, 1, 1, tzinfo=UTC))
ZONES = ("Europe/Berlin", "America/New_York", "America/Havana", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Beirut",
         "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "UTC")  # fmt: skip
UNITS = [("1d", Duration(0, MICROS_PER_UNIT["d"])), ("1w", Duration(0, MICROS_PER_UNIT["w"])), ("1mo", Duration(1))]


def times_of(zone: str) -> list[int]:
    chance = random.Random(zone)
    changes = zone_transitions(zone, LOW, HIGH, DUMMY_SPAN).starts[1:].tolist()
    half_hours = range(-3, 4)
    around = [at + half * MICROS_PER_UNIT["min"] * 30 for at in changes for half in half_hours]
    return [chance.randrange(LOW, HIGH) for _ in range(300)] + around


def bucketed(times: list[int], width: Duration, zone: str) -> list[int]:
    call = KernelCall(TIME, DUMMY_SPAN, FlatColumn(TIME, np.array(times)), run())  # type: ignore[arg-type]  # bucket asks the rows nothing
    columns = (
        column_from_values(TIME, times),
        column_from_values(DURATION, [width]),
        column_from_values(KEYWORD, [zone]),
    )
    found = SCALAR_KERNELS["bucket"](call, *columns)
    assert isinstance(found, FlatColumn)
    return [int(v) for v in found.values]


def local_start(time: int, unit: str, zone: ZoneInfo) -> int:
    local = to_datetime(time, zone).replace(tzinfo=None, fold=0, hour=0, minute=0, second=0, microsecond=0)
    if unit == "1w":
        local -= timedelta(days=local.weekday())
    return to_micros((local.replace(day=1) if unit == "1mo" else local).replace(tzinfo=zone))


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize(
    ("unit", "width"),
    {"1d": Duration(0, MICROS_PER_UNIT["d"]), "1w": Duration(0, MICROS_PER_UNIT["w"]), "1mo": Duration(1)}.items(),
)
def test_begins_where_the_clock_says(name: str, unit: str, width: Duration) -> None:
    times = times_of(name)
    for time, found in zip(times, bucketed(times, width, name), strict=True):
        assert found == local_start(time, unit, ZoneInfo(name)), format_time(time)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize(
    "width",
    [
        Duration(0, MICROS_PER_UNIT["h"]),
        Duration(0, MICROS_PER_UNIT["min"] * 15),
        Duration(0, MICROS_PER_UNIT["h"] * 6),
    ],
)
def test_buckets_part_the_line_of_time(name: str, width: Duration) -> None:
    """A bucket's beginning lies in it, at or before its times, and later times are in no earlier bucket."""
    times = sorted(times_of(name))
    found = bucketed(times, width, name)
    assert found == sorted(found)
    assert all(start <= time for start, time in zip(found, times, strict=True))
    assert bucketed(found, width, name) == found
