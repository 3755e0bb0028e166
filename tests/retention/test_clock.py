"""A clock that jumped ahead is not believed at once."""

from __future__ import annotations

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.services.trusted_clock import TrustedClock
from paasq_daemon.wire.errors import InvalidValue
from retention.conftest import DAY, HOUR, NOON, READINGS, Clock, keys, rows


def test_a_clock_that_jumped_ahead_deletes_nothing_at_first(instance: Instance, clock: Clock) -> None:
    """Not before it has run on for an hour, or somebody says that it is right."""
    rows(instance, READINGS)
    clock.now_us += 5 * 365 * DAY
    with pytest.raises(InvalidValue, match="the clock says 2031-11-26"):
        instance.retention.run()
    assert len(keys(instance)) == 5
    instance.retention.run(trust_clock=True)
    assert keys(instance) == ["never", "to come"]


def test_a_clock_that_jumped_ahead_is_believed_after_an_hour() -> None:
    clock = Clock()
    trusted = TrustedClock(NOON, lambda: clock.now_us, lambda: clock.passed_us / 1e6)
    clock.passes(HOUR)
    assert trusted.now_us() == NOON + HOUR
    clock.now_us += 365 * DAY
    for _ in range(6):
        assert trusted.now_us() == NOON + HOUR + clock.passed_us - HOUR
        assert trusted.ahead_us() == 365 * DAY
        clock.passes(HOUR // 6)
    assert trusted.now_us() == clock.now_us
    assert trusted.ahead_us() == 0


def test_a_clock_that_is_set_back_is_believed_at_once_and_jumps_do_not_add_up() -> None:
    clock = Clock()
    trusted = TrustedClock(NOON, lambda: clock.now_us, lambda: clock.passed_us / 1e6)
    clock.now_us += 365 * DAY
    assert trusted.now_us() == NOON
    clock.passes(HOUR - 1)
    clock.now_us += 365 * DAY  # another jump: the hour begins anew
    assert trusted.now_us() == NOON + HOUR - 1
    clock.passes(HOUR - 1)
    assert trusted.now_us() == NOON + 2 * HOUR - 2
    clock.now_us = NOON - 30 * DAY
    assert trusted.now_us() == NOON - 30 * DAY
