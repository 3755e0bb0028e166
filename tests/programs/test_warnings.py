"""What is said of a text that can be run all the same."""

from __future__ import annotations

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import QueryError
from paasq_daemon.wire.request import Request

FINDS_NOTHING = 'from note | match "-lemon"'


def test_a_warning_keeps_nothing_from_running(instance: Instance) -> None:
    assert [found["severity"] for found in instance.engine.check(FINDS_NOTHING)] == ["warning"]
    assert len(instance.engine.query(Request(FINDS_NOTHING))) == 0


def test_an_error_is_named_before_a_warning(instance: Instance) -> None:
    with pytest.raises(QueryError, match=r"^<query>:1:36: note has no field nothing") as refused:
        instance.engine.query(Request(f"{FINDS_NOTHING} | where nothing == 1"))
    assert [found["severity"] for found in refused.value.diagnostics] == ["warning", "error"]
