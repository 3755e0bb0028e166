"""The checker of histories finds what no order explains, and takes all else. A killed daemon gives none of the former."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from daemon.process import Daemon
from torture.clients import problems_of, recorded, with_a_stale_read
from torture.histories import Act, Answered, Operation, State, applied, is_linearizable, out_of_sequence, unexplained

YES, NO = Answered(), Answered(done=False)


def put(asked: float, ended: float, value: int, answer: Answered | None = YES, seq: int | None = None) -> Operation:
    return Operation("k", Act.PUT, asked, ended, value, answer=answer, seq=seq)


def get(asked: float, ended: float, value: State, seq: int | None = None) -> Operation:
    return Operation("k", Act.GET, asked, ended, answer=Answered(value), seq=seq)


def swap(asked: float, ended: float, expected: int, value: int, answer: Answered | None = YES) -> Operation:
    return Operation("k", Act.SWAP, asked, ended, value, expected, answer)


def delete(asked: float, ended: float, answer: Answered | None = YES) -> Operation:
    return Operation("k", Act.DELETE, asked, ended, answer=answer)


def change(asked: float, ended: float, rest: int, value: int, answer: Answered | None = YES) -> Operation:
    return Operation("k", Act.CHANGE, asked, ended, value, rest, answer)


EXPLAINED = {
    "one after another": [get(0, 1, None), put(2, 3, 7), get(4, 5, 7), delete(6, 7), get(8, 9, None)],
    "a read during a write sees the old value": [put(0, 1, 1), put(2, 9, 2), get(3, 4, 1), get(5, 6, 2)],
    "two writes at once, in the other order": [put(0, 9, 1), put(1, 8, 2), get(10, 11, 1)],
    "a kill, and the write was done": [put(0, 1, 1), put(2, 3, 2, None), get(4, 5, 2)],
    "a kill, and the write was not done": [put(0, 1, 1), put(2, 3, 2, None), get(4, 5, 1)],
    "of two swaps one": [put(0, 1, 1), swap(2, 9, 1, 2), swap(3, 8, 1, 3, NO), get(10, 11, 2)],
    "a swap after one that nobody knows of": [put(0, 1, 1), swap(2, 3, 1, 2, None), swap(4, 5, 2, 3)],
    "a change by a rule": [put(0, 1, 4), change(2, 3, 1, 6), change(4, 5, 1, 8, NO), get(6, 7, 6)],
}  # fmt: skip
UNEXPLAINED = {
    "a write that was acknowledged is lost": [put(0, 1, 1), put(2, 3, 2), get(4, 5, 1)],
    "a read of what was overwritten": [put(0, 1, 1), put(2, 3, 2), get(4, 5, 2), get(6, 7, 1)],
    "a read of what nobody wrote": [put(0, 1, 1), get(2, 3, 9)],
    "a read of what is written later": [get(0, 1, 5), put(2, 3, 5)],
    "two readers see two orders": [put(0, 9, 1), put(0, 9, 2), get(10, 11, 1), get(12, 13, 2)],
    "what a kill undid comes back": [put(0, 1, 1), put(2, 3, 2, None), get(4, 5, 1), get(6, 7, 2)],
    "what a kill left vanishes": [put(0, 1, 1), put(2, 3, 2, None), get(4, 5, 2), get(6, 7, 1)],
    "two swaps of one value": [put(0, 1, 1), swap(2, 9, 1, 2), swap(3, 8, 1, 3)],
    "a swap that is refused although it fits": [put(0, 1, 1), swap(2, 3, 1, 2, NO)],
    "two deletions of one record": [put(0, 1, 1), delete(2, 9), delete(3, 8)],
    "a change of what does not fit": [put(0, 1, 4), change(2, 3, 2, 6)],
    "a deletion that had no effect": [put(0, 1, 1), delete(2, 3), get(4, 5, 1)],
}  # fmt: skip


@pytest.mark.parametrize("history", EXPLAINED.values(), ids=EXPLAINED)
def test_what_an_order_explains(history: list[Operation]) -> None:
    assert unexplained(history) == {}


@pytest.mark.parametrize("history", UNEXPLAINED.values(), ids=UNEXPLAINED)
def test_what_no_order_explains(history: list[Operation]) -> None:
    assert unexplained(history) == {"k": history}


def test_it_agrees_with_trying_all_orders() -> None:
    chance, found = random.Random(1), {True: 0, False: 0}
    for _ in range(3000):
        history = sorted((any_operation(chance) for _ in range(chance.randint(2, 5))), key=lambda o: o.asked)
        expected = any(explains(order) for order in itertools.permutations(history))
        assert is_linearizable(history) == expected, history
        found[expected] += 1
    assert min(found.values()) > 300, found


def any_operation(chance: random.Random) -> Operation:
    asked = chance.randrange(20)
    ended = asked + chance.randrange(1, 12) + 0.5
    answer = chance.choice([YES, YES, NO, None])
    value, other = chance.randrange(3), chance.randrange(3)
    kinds = [
        put(asked, ended, value, chance.choice([YES, YES, None])), get(asked, ended, chance.choice([None, value])),
        swap(asked, ended, other, value, answer), delete(asked, ended, answer), change(asked, ended, other, value, answer),
    ]  # fmt: skip
    return chance.choice(kinds)


def explains(order: tuple[Operation, ...]) -> bool:
    """By the definition: nothing comes before what had ended when it was asked, and each answer fits. What has an answer that
    nobody knows may have been done or not."""
    if any(later.ended < earlier.asked for earlier, later in itertools.combinations(order, 2)):
        return False
    unknown = sum(operation.answer is None for operation in order)
    return any(_fits(order, iter(were_done)) for were_done in itertools.product([True, False], repeat=unknown))


def _fits(order: tuple[Operation, ...], were_done: Iterator[bool]) -> bool:
    state: State = None
    for operation in order:
        after, answer = applied(operation, state)
        if operation.answer is not None and answer != operation.answer:
            return False
        if operation.answer is not None or next(were_done):
            state = after
    return True


@pytest.mark.parametrize(
    ("history", "wrong"),
    [
        ([put(0, 1, 1, seq=5), put(2, 3, 2, seq=6), get(4, 5, 2, seq=6)], 0),
        ([put(0, 9, 1, seq=6), put(1, 8, 2, seq=5)], 0),
        ([put(0, 1, 1, seq=6), put(2, 3, 2, seq=5)], 1),
        ([put(0, 1, 1, seq=6), put(2, 3, 2, seq=6)], 1),
        ([put(0, 1, 1, seq=6), get(2, 3, 1, seq=5)], 1),
    ],
)
def test_sequence_numbers_follow_the_order_in_time(history: list[Operation], wrong: int) -> None:
    assert len(out_of_sequence(history)) == wrong


def test_a_daemon_that_is_killed_answers_as_if_all_came_one_after_another(daemon: Daemon) -> None:
    history = recorded(daemon, 1, kills=1, seconds=1.0)
    assert problems_of(history, daemon, random.Random(1)) == []
    assert len(history.operations) > 50
    stale = with_a_stale_read(history.operations, random.Random(1))
    assert stale
    assert len(unexplained(stale)) == 1, "the history is too thin to prove anything"
