"""What a watch goes on after."""

from __future__ import annotations

import pytest

from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.watches.cursor import Position, cursor_of, position_of
from paasq_dsl.source import NOWHERE


def test_a_cursor_says_its_position() -> None:
    assert position_of(cursor_of("print", 5, 7), "print", NOWHERE) == Position(5, 7)
    assert position_of(5, "print", NOWHERE) == Position(5)
    assert position_of(None, "print", NOWHERE) is None


@pytest.mark.parametrize("given", ["x", "", True, [], "a" * 10_000])
def test_what_is_none(given: object) -> None:
    with pytest.raises(KernelError) as refused:
        position_of(given, "print", NOWHERE)
    assert refused.value.code == "PQ0732"


def test_that_of_another_query() -> None:
    with pytest.raises(KernelError) as refused:
        position_of(cursor_of("other", 5, 7), "print", NOWHERE)
    assert refused.value.code == "PQ0733"
