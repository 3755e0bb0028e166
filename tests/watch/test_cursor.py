"""What a watch goes on after."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.watches.resume_cursor import ResumePosition, decode_cursor, encode_cursor
from paasq_dsl.source_text import DUMMY_SPAN


def test_a_cursor_says_its_position() -> None:
    assert decode_cursor(encode_cursor("print", 5, 7), "print", DUMMY_SPAN) == ResumePosition(5, 7)
    assert decode_cursor(5, "print", DUMMY_SPAN) == ResumePosition(5)
    assert decode_cursor(None, "print", DUMMY_SPAN) is None


@pytest.mark.parametrize("given", ["x", "", True, [], "a" * 10_000])
def test_what_is_none(given: object) -> None:
    with pytest.raises(EvaluationError) as refused:
        decode_cursor(given, "print", DUMMY_SPAN)
    assert refused.value.code == "PQ0732"


@pytest.mark.parametrize(("seq", "now_us"), [(True, 7), (5, 2**70), (5, True), ("5", 7), (5, None)])
def test_an_altered_one_is_none(seq: Any, now_us: Any) -> None:
    raw = base64.urlsafe_b64encode(json.dumps(["print", seq, now_us]).encode()).decode()
    with pytest.raises(EvaluationError) as refused:
        decode_cursor(raw, "print", DUMMY_SPAN)
    assert refused.value.code == "PQ0732"


def test_that_of_another_query() -> None:
    with pytest.raises(EvaluationError) as refused:
        decode_cursor(encode_cursor("other", 5, 7), "print", DUMMY_SPAN)
    assert refused.value.code == "PQ0733"
