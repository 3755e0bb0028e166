"""Which rows of an answer its budget pays for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from paasq_daemon.operators.cut_row import cut_row
from paasq_daemon.wire.answer import ColumnInfo
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.request import Budget
from paasq_daemon.wire.token_estimate import CHARACTERS_PER_TOKEN, answer_measure, json_characters

ROWS_MAX = 10_000  # of one answer, where the budget names no other number
CHUNK_ROWS = 500  # that an answer reads before it looks at the time

# The characters of the answer's JSON beside its rows, where these are so many and end for this reason.
LabelCharacters = Callable[[int, str | None], int]


@dataclass(slots=True)
class LimitedRows:
    """The rows of an answer, the characters that they add to its JSON, and why there are no more: limit, rows, time, tokens,
    or None where these are all. `cut` names the columns that were shortened in the only row."""

    rows: list[list[Any]]
    characters: int = 0
    reason: str | None = None
    cut: tuple[str, ...] = ()


def limit_result(
    rows: Iterable[list[Any]],
    budget: Budget,
    cancel: CancellationToken,
    columns: tuple[ColumnInfo, ...],
    label_characters: LabelCharacters,
) -> LimitedRows:
    """The first rows that the budget pays for. Time is looked at between some rows and the next, so that there is always an
    answer to go on from. Where not even one row fits the tokens, the first is cut to what does."""
    measure, found = answer_measure(columns), LimitedRows([])
    rows_max, rows_reason = (ROWS_MAX, "limit") if budget.rows is None else (budget.rows, "rows")
    characters_max = None if budget.tokens is None else budget.tokens * CHARACTERS_PER_TOKEN
    left = None if characters_max is None else characters_max - label_characters(0, None)
    for row in rows:
        count = len(found.rows)
        if count == rows_max:
            found.reason = rows_reason
            break
        if count and count % CHUNK_ROWS == 0 and cancel.deadline_passed:
            found.reason = "time"
            break
        if left is not None:
            left -= measure.row(row)
            if left < 0:
                found.reason = "tokens"
                found.rows += [] if count else [row]
                break
        found.rows.append(row)
    found.characters = measure.rows(found.rows)
    if characters_max is not None and found.reason is not None and found.rows:
        _fit(found, characters_max, columns, label_characters)
    return found


def _fit(
    found: LimitedRows, characters_max: int, columns: tuple[ColumnInfo, ...], label_characters: LabelCharacters
) -> None:
    """Makes room for the cursor, which only an answer that is cut short has."""
    measure = answer_measure(columns)

    def room() -> int:
        return characters_max - label_characters(len(found.rows), found.reason)

    while len(found.rows) > 1 and found.characters > room():
        found.reason = "tokens"
        found.characters -= measure.row(found.rows.pop())
    if found.characters <= (left := room()):
        return
    found.reason = "tokens"
    row, cut = cut_row(columns, found.rows[0], left)
    for _ in range(2):  # the label that names what was cut takes room too
        row, cut = cut_row(columns, found.rows[0], left - _label_of(cut))
    characters = measure.rows([row])
    if characters + _label_of(cut) < found.characters:
        found.rows, found.characters, found.cut = [row], characters, cut


def _label_of(cut: tuple[str, ...]) -> int:
    return len('"cut":,') + json_characters(cut)
