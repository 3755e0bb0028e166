"""Law 5, every answer is labelled: over queries and budgets of chance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, note, reject
from hypothesis import strategies as st

from paasq_daemon.instance import Instance
from paasq_daemon.operators.cut_row import CUT_MARK
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import BudgetExceeded, InvalidValue, QueryError
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.wire.token_estimate import estimate_tokens
from properties.queries import query_texts
from properties.test_queries import WORLDS, WorldOf, examples, instance, world_of
from properties.worlds import World
from tokens import assert_tokens_counted

__all__ = ["instance", "world_of"]  # fixtures

ROWS = st.one_of(st.none(), st.integers(0, 40), st.just(10**12))
TOKENS = st.one_of(st.none(), st.integers(0, 900), st.just(10**12))


def asked(instance: Instance, text: str, budget: Budget | None = None, **params: Any) -> Answer:
    return instance.engine.query(Request(text, params, budget or Budget()))


def written(rows: int | None, tokens: int | None) -> str:
    parts = [f"{name} {value}" for name, value in (("rows", rows), ("tokens", tokens)) if value is not None]
    return f"\n| budget {', '.join(parts)}" if parts else ""


def smaller(one: int | None, other: int | None) -> int | None:
    return min((value for value in (one, other) if value is not None), default=None)


@examples(120)
@given(data=st.data())
def test_an_answer_keeps_to_its_budgets_and_says_so(instance: Instance, world_of: WorldOf, data: st.DataObject) -> None:
    text, whole = _query(instance, world_of(data.draw(st.integers(0, WORLDS - 1))), data)
    own, given_ = [(data.draw(ROWS), data.draw(TOKENS)) for _ in range(2)]
    note(f"{own} in the text, {given_} with the request")
    answer = asked(instance, text + written(*own), Budget(rows=given_[0], tokens=given_[1]))
    rows, tokens = smaller(own[0], given_[0]), smaller(own[1], given_[1])
    assert answer.rows == whole.rows[: len(answer.rows)] or answer.cut
    assert rows is None or len(answer.rows) <= rows
    assert_tokens_counted(answer)
    assert tokens is None or (answer.tokens or 0) <= tokens or len(answer.rows) <= 1
    assert answer.complete is (answer.reason is None)
    short = len(answer.rows) < len(whole.rows)
    assert (answer.cursor is not None) is (short and bool(answer.rows))
    if answer.cut:
        assert (len(answer.rows), answer.reason) == (1, "tokens")
        assert_cut(answer, whole)
    elif short:
        assert answer.reason == ("rows" if len(answer.rows) == rows else "tokens")
        one_more = estimate_tokens(replace(answer, rows=whole.rows[: len(answer.rows) + 1]))
        assert len(answer.rows) == rows or (tokens is not None and one_more + len(answer.cursor or "") > tokens)
    else:
        assert answer.reason == whole.reason


def assert_cut(answer: Answer, whole: Answer) -> None:
    """The row is the first one, but for what the answer names: shorter texts and lists, and nulls."""
    for column, shown, value in zip(answer.columns, answer.rows[0], whole.rows[0], strict=True):
        if column.name not in answer.cut:
            assert shown == value or shown is value
        elif isinstance(shown, str):
            assert value.startswith(shown.removesuffix(CUT_MARK))
        elif isinstance(shown, list):
            assert shown == value[: len(shown)]
            assert len(shown) < len(value)
        else:
            assert shown is None or isinstance(shown, dict)


@examples(60)
@given(data=st.data())
def test_a_cursor_of_a_budget_leads_on_without_loss(instance: Instance, world_of: WorldOf, data: st.DataObject) -> None:
    """With another budget each time, now in the text, now with the request, and also one that no row fits."""
    text, whole = _query(instance, world_of(data.draw(st.integers(0, WORLDS - 1))), data)
    rows: list[list[Any]] = []
    cursor = None
    for _ in range(len(whole.rows) + 1):
        most, tokens = data.draw(st.integers(1, 5)), data.draw(st.integers(0, 400))
        paged = f"{text}\n| page 1000 after $cursor"
        if data.draw(st.booleans()):
            answer = asked(instance, paged + written(most, tokens), cursor=cursor)
        else:
            answer = asked(instance, paged, Budget(rows=most, tokens=tokens), cursor=cursor)
        rows += whole.rows[len(rows) : len(rows) + 1] if answer.cut else answer.rows
        cursor = answer.cursor
        if cursor is None:
            break
    assert rows == whole.rows


@examples(60)
@given(data=st.data())
def test_without_time_there_is_an_error_or_a_true_answer(
    instance: Instance, world_of: WorldOf, data: st.DataObject
) -> None:
    """The clock ends at a look of chance: what comes is then an error, or the beginning of the whole, which says `time`."""
    text, whole = _query(instance, world_of(data.draw(st.integers(0, WORLDS - 1))), data)
    cancel = Ending(data.draw(st.integers(0, 12)))
    try:
        answer = instance.engine.query(Request(text), cancel)
    except BudgetExceeded:
        assert cancel.looks_left < 0
        return
    if answer.reason != "time":
        assert (answer.rows, answer.reason) == (whole.rows, whole.reason)
    elif "follow" not in text and "find" not in text and "feedback" not in text:
        assert answer.rows == whole.rows[: len(answer.rows)]


class Ending(CancellationToken):
    """Out of time after so many looks at the clock."""

    def __init__(self, looks: int) -> None:
        super().__init__(3_600_000)
        self.looks_left = looks

    def child(self, time_ms: float | None) -> CancellationToken:
        assert time_ms is None
        return self

    @property
    def remaining_s(self) -> float:
        self.looks_left -= 1
        return 3_600.0 if self.looks_left >= 0 else 0.0

    @property
    def deadline_passed(self) -> bool:
        return self.remaining_s == 0


def test_budgets_that_are_none(instance: Instance, world_of: WorldOf) -> None:
    item = world_of(9).item
    for wrong in ({"rows": -1}, {"tokens": -1}, {"time_ms": 0}, {"time_ms": -5.0}, {"time_ms": float("nan")}):
        with pytest.raises(InvalidValue):
            Budget(**wrong)
    for name, value in (("rows", -1), ("tokens", -1), ("rows", 1.5), ("rows", None), ("tokens", True), ("tokens", "x")):
        with pytest.raises(QueryError):
            asked(instance, f"from {item} | budget {name} $n", n=value)
    for value in ("0s", "-1s", None, "1y", "x", 200):
        with pytest.raises(QueryError):
            asked(instance, f"from {item} | budget time $n", n=value)


def test_budgets_as_parameters(instance: Instance, world_of: WorldOf) -> None:
    item = world_of(9).item
    answer = asked(instance, f"from {item} | budget rows $n, time $t, tokens $m", n=1, t="1h", m=2**62)
    assert (len(answer.rows), answer.reason) == (1, "rows")
    assert asked(instance, f"from {item} | budget rows $n", n=2**62).complete


def test_an_approximate_answer_says_so(instance: Instance, world_of: WorldOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the bounds so low that a handful of vectors is many."""
    world = next(w for w in map(world_of, range(1, WORLDS)) if "vec" in w.collection.fields_by_name and len(w.keys) > 8)
    for name in ("EXACT_FLOATS_MAX", "CANDIDATES_MIN", "CANDIDATE_NUMBERS", "CANDIDATES_PER_RESULT"):
        monkeypatch.setattr(f"paasq_daemon.index.vector_search.{name}", 1)
    near = f'from {world.item} | near vec to "blue sea" | take 1'
    answer = asked(instance, near)
    assert (answer.complete, answer.reason) == (False, "approximate")
    assert asked(instance, near.replace(" | take", " exact=true | take")).complete


def _query(instance: Instance, world: World, data: st.DataObject) -> tuple[str, Answer]:
    """One that binds, and runs, and its whole answer."""
    text = data.draw(query_texts(world))
    note(text)
    try:
        whole = asked(instance, text)
    except QueryError:
        reject()
    if len(whole.rows) > 60:  # of filled buckets there are thousands
        reject()
    return text, whole
