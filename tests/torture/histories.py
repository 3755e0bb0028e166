"""Histories of operations on keys, and the question whether one order of them explains every answer.

An operation was asked at a moment and answered at a later one; somewhere in between it must have taken effect at once (Herlihy
and Wing, linearizability). It is a property of each key by itself, so each is searched alone: depth first, as by Wing and Gong,
never twice from one set of operations done and one state (Lowe, "Testing for linearizability", 2017).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

State: TypeAlias = "int | None"  # the value of a key, None where it has no record


class Act(Enum):
    """What is asked of a key, and what the answer says."""

    GET = "get"  # the value
    PUT = "put"
    SWAP = "swap"  # put `value` where it is `expected`: whether it was
    DELETE = "delete"  # whether there was one
    CHANGE = "change"  # put `value` where it leaves `expected` by division by 3: whether it did


@dataclass(frozen=True)
class Answered:
    """`value` is what a get read; `done` says whether a write took effect."""

    value: State = None
    done: bool = True


@dataclass(frozen=True)
class Operation:
    """`asked` and `ended` are moments of one clock. `answer` is None where nobody knows: the daemon was killed, so the operation
    took effect before `ended` or never does."""

    key: str
    act: Act
    asked: float
    ended: float
    value: int = 0
    expected: State = None
    answer: Answered | None = None
    seq: int | None = None  # that the answer gives


def applied(operation: Operation, state: State) -> tuple[State, Answered]:
    """The state after it, and what it must answer."""
    match operation.act:
        case Act.GET:
            return state, Answered(value=state)
        case Act.PUT:
            return operation.value, Answered()
        case Act.SWAP:
            holds = state is not None and state == operation.expected
        case Act.DELETE:
            return None, Answered(done=state is not None)
        case Act.CHANGE:
            holds = state is not None and state % 3 == operation.expected
    return (operation.value, Answered()) if holds else (state, Answered(done=False))


def unexplained(history: Iterable[Operation]) -> Mapping[str, list[Operation]]:
    """The keys, absent at first, whose operations no order explains, with these operations as they were asked."""
    by_key: dict[str, list[Operation]] = defaultdict(list)
    for operation in sorted(history, key=lambda operation: operation.asked):
        by_key[operation.key].append(operation)
    return {key: operations for key, operations in by_key.items() if not is_linearizable(operations)}


def is_linearizable(operations: list[Operation]) -> bool:
    """Whether an order of the operations on one key, sorted by `asked`, explains all answers. An unknown answer is two
    possibilities: so a state of the search is the set of all states that the key may be in."""
    tried: set[tuple[int, int, frozenset[State]]] = set()
    waiting = [(0, 0, frozenset[State]([None]))]
    while waiting:
        place = first, done, states = (
            waiting.pop()
        )  # all before `first` are done; bit n of `done` is that of `first` + n
        if place in tried:
            continue
        tried.add(place)
        if first == len(operations):
            return True
        for number in _next(operations, first, done):
            after = _after(operations[number], states)
            if after:
                waiting.append((*_with(first, done, number), after))
    return False


def _with(first: int, done: int, number: int) -> tuple[int, int]:
    done |= 1 << number - first
    while done & 1:
        first, done = first + 1, done >> 1
    return first, done


def _next(operations: list[Operation], first: int, done: int) -> list[int]:
    """Those that may come next: asked before any other that is not done has ended."""
    first_end = float("inf")
    found: list[int] = []
    for number in range(first, len(operations)):
        if done >> number - first & 1:
            continue
        if operations[number].asked > first_end:
            break
        found.append(number)
        first_end = min(first_end, operations[number].ended)
    return found


def _after(operation: Operation, states: frozenset[State]) -> frozenset[State]:
    """The states that the key may be in afterwards; none where the answer contradicts all of them."""
    outcomes = [applied(operation, state) for state in states]
    if operation.answer is None:
        return states.union(state for state, _ in outcomes)
    return frozenset(state for state, answer in outcomes if answer == operation.answer)


def out_of_sequence(history: Iterable[Operation]) -> list[str]:
    """Where sequence numbers contradict the order in time: what began after another had ended must have a greater number if it
    wrote, and one that is not less if it read or changed nothing."""
    numbered = [operation for operation in history if operation.seq is not None]
    by_end = sorted(numbered, key=lambda operation: operation.ended)
    problems: list[str] = []
    ended, seen = 0, -1  # how many had ended, and the greatest number among them
    for operation in sorted(numbered, key=lambda operation: operation.asked):
        while ended < len(by_end) and by_end[ended].ended < operation.asked:
            seen = max(seen, by_end[ended].seq or 0)
            ended += 1
        if (operation.seq or 0) < seen + wrote(operation):
            problems.append(f"{operation} came after what had the sequence number {seen}")
    return problems


def wrote(operation: Operation) -> bool:
    return operation.act is not Act.GET and operation.answer is not None and operation.answer.done
