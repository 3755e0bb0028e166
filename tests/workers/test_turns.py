"""Whose turn it is, by a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest

from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import Cancelled, StoreError
from paasq_daemon.workers.turns import HALF_LIFE_S, SHORT_S, Turns


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Hall:
    """Turns of workers 1, 2, ..., and what was asked for."""

    def __init__(self, workers: int) -> None:
        self.clock = Clock()
        self.turns: Turns[int] = Turns(self.clock)
        for number in range(workers):
            self.turns.give(number)

    async def ask(self, client: str, token: CancellationToken | None = None) -> asyncio.Task[int]:
        task = asyncio.create_task(self.turns.take(client, token or CancellationToken()))
        await asyncio.sleep(0)
        return task


async def _has(task: asyncio.Task[int]) -> bool:
    for _ in range(3):  # what is given reaches its task
        await asyncio.sleep(0)
    return task.done()


def test_the_last_one_is_not_for_who_has_another() -> None:
    async def run() -> None:
        hall = Hall(3)
        first, second, third = [await hall.ask("greedy") for _ in range(3)]
        assert await _has(first)
        assert await _has(second)
        assert not await _has(third)
        modest = await hall.ask("modest")
        assert await _has(modest)
        hall.turns.give(modest.result())
        assert not await _has(third)  # it still has two
        hall.turns.give(first.result())
        assert await _has(third)

    asyncio.run(run())


def test_the_one_that_had_least_comes_first() -> None:
    async def run() -> None:
        hall = Hall(1)
        running = await hall.ask("a")
        waiting = [await hall.ask("a"), await hall.ask("a"), await hall.ask("b")]
        hall.clock.now_s += 1
        hall.turns.give(running.result())
        assert [await _has(each) for each in waiting] == [False, False, True]
        hall.clock.now_s += 0.1
        hall.turns.give(waiting[2].result())
        assert [await _has(each) for each in waiting] == [True, False, True]

    asyncio.run(run())


def test_what_was_had_long_ago_counts_for_little() -> None:
    hall = Hall(0)
    hall.turns.usage.add("a", 8.0)
    hall.clock.now_s += 4 * HALF_LIFE_S
    assert hall.turns.usage.of("a") == pytest.approx(0.5)


def test_whose_tasks_are_long_does_not_get_the_last_one() -> None:
    async def run() -> None:
        hall = Hall(2)
        for _ in range(10):
            hall.turns.usage.add("long", 4 * SHORT_S)
            hall.turns.usage.add("short", SHORT_S / 2)
        other, long, short = await hall.ask("other"), await hall.ask("long"), await hall.ask("short")
        assert [await _has(each) for each in (other, long, short)] == [True, False, True]

    asyncio.run(run())


def test_who_waits_can_leave_and_a_stop_ends_the_waiting() -> None:
    async def run() -> None:
        hall, token = Hall(0), CancellationToken()
        leaving, staying = await hall.ask("a", token), await hall.ask("a")
        token.cancel()
        with pytest.raises(Cancelled):
            await leaving
        hall.turns.close()
        with pytest.raises(StoreError):
            await staying

    asyncio.run(run())
