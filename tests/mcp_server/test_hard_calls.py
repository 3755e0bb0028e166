"""Calls that are given up, and calls that fail in a way that nobody foresaw."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client, MCPError

from mcp_server.serving import call, drive, served, texts
from paasq._embedded_database import EmbeddedDatabase
from paasq_daemon.mcp.tool import ToolSpec
from paasq_daemon.mcp.tools import READING_TOOLS, WRITING_TOOLS
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import Cancelled
from paasq_daemon.wire.request import Request
from paasq_dsl.catalog import Catalog

SECRET = "Ana's address"


class Fake(EmbeddedDatabase):
    """A store that answers by `work`, and has no collections; with `broken` not even a catalog."""

    def __init__(self, work: Callable[[CancellationToken], Answer], *, broken: bool = False) -> None:
        self._work = work
        self._broken = broken

    def catalog(self) -> Catalog:
        if self._broken:
            raise ZeroDivisionError(SECRET)
        return Catalog()

    def check(self, text: str, modules: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        del text, modules
        return []

    def request(self, request: Request, cancel: CancellationToken | None = None) -> Answer:
        del request
        assert cancel is not None
        return self._work(cancel)


def fail(_: CancellationToken) -> Answer:
    raise ZeroDivisionError(SECRET)


LETTERS = 'ab :|();"\\`$@.,[]{}=/\n\x00\u00e9\u202e'
INJECTED = "true) | take 1; delete from note where (true"
LIKELY = ["note", "task", "note:rent", "note:rent@1", "from note", "true", INJECTED, "x; delete from note where true"]
WORDS = st.text(st.sampled_from(LETTERS), max_size=40) | st.sampled_from(LIKELY)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
TOOLS = (*READING_TOOLS, *WRITING_TOOLS)


def calls_of(tool: ToolSpec) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Calls with all that must be given."""
    required = {param.name: WORDS | VALUES for param in tool.params if param.required}
    others = {param.name: WORDS | VALUES for param in tool.params if not param.required}
    return st.tuples(st.just(tool.name), st.fixed_dictionaries(required, optional=others))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(st.sampled_from(TOOLS).flatmap(calls_of), min_size=5, max_size=15))
def test_no_call_of_chance_ends_the_server_or_changes_what_is_there(
    store: EmbeddedDatabase, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    before = store.query("from note:rent | select title, body").rows

    async def work(client: Client) -> None:
        for tool, arguments in calls:
            result = await client.call_tool(tool, arguments)
            assert result.content
            assert not texts(result)[0].startswith("error PQ9000"), (tool, arguments)

    drive(served(store, write=True), "2026-07-28", work)
    assert store.query("from note:rent | select title, body").rows == before


def test_a_client_that_gives_up_cancels_its_query(era: str) -> None:
    begun, ended = threading.Event(), threading.Event()

    def wait(token: CancellationToken) -> Answer:
        token.on_cancel(ended.set)
        begun.set()
        assert ended.wait(20)
        raise Cancelled("the client left")

    async def work(client: Client) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "query", {"text": "from note"})
            assert await anyio.to_thread.run_sync(begun.wait, 20)
            tasks.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(ended.wait, 20)

    drive(served(Fake(wait)), era, work)


def test_a_failure_is_a_result_and_neither_it_nor_the_log_has_data(era: str, caplog: pytest.LogCaptureFixture) -> None:
    result = call(served(Fake(fail)), era, "query", {"text": "from note"})
    assert texts(result)[0].startswith("error PQ9000: the tool failed")
    assert "ZeroDivisionError" in caplog.text
    assert SECRET not in caplog.text + "".join(texts(result))


def test_a_list_that_fails_is_an_error_of_the_protocol_without_data(era: str, caplog: pytest.LogCaptureFixture) -> None:
    server = served(Fake(fail, broken=True))
    for work in (Client.list_tools, Client.list_resources):
        with pytest.raises(MCPError, match="the catalog can't be read"):
            drive(server, era, work)
    assert "ZeroDivisionError" in caplog.text
    assert SECRET not in caplog.text
