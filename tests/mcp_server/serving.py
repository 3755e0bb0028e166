"""A server over the samples of an assistant, and the SDK's own client on it, in both eras of the protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
from mcp import Client, MCPError
from mcp.server.lowlevel import Server
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent

from paasq_daemon.mcp.server import mcp_server
from paasq_daemon.mcp.store_access import StoreAccess
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.request import Budget

Result = TypeVar("Result")
ERAS = ("2026-07-28", "legacy")
BUDGET = Budget(time_ms=20_000, tokens=4_000)
Ask = Callable[[str], bool | None]  # the question -> yes, no, or closed without an answer


def served(database: Database, *, write: bool = False, budget: Budget = BUDGET) -> Server[Any]:
    return mcp_server(StoreAccess(database, budget), write=write)


def drive(server: Any, era: str, work: Callable[[Client], Awaitable[Result]], ask: Ask | None = None) -> Result:
    """What `work` returns with a client of this era. With `ask` the client shows forms, and answers them by it."""

    async def answer(context: object, params: ElicitRequestParams) -> ElicitResult:
        del context
        assert ask is not None
        agreed = await anyio.to_thread.run_sync(ask, params.message)
        if agreed is None:
            return ElicitResult(action="cancel")
        return ElicitResult(action="accept", content={"confirm": agreed})

    async def run() -> Result | MCPError:
        async with Client(server, mode=era, elicitation_callback=answer if ask is not None else None) as client:
            try:
                return await work(client)
            except MCPError as error:  # which task groups would put into groups of errors
                return error

    result = anyio.run(run)
    if isinstance(result, MCPError):
        raise result
    return result


def call(server: Any, era: str, tool: str, arguments: dict[str, Any], ask: Ask | None = None) -> CallToolResult:
    """The result of one call; the client has the tool's output schema, and holds the result to it."""

    async def work(client: Client) -> CallToolResult:
        await client.list_tools()
        return await client.call_tool(tool, arguments)

    return drive(server, era, work, ask)


def texts(result: CallToolResult) -> list[str]:
    return [part.text for part in result.content if isinstance(part, TextContent)]


def rows(result: CallToolResult) -> list[dict[str, Any]]:
    assert not result.is_error, texts(result)
    return list(result.structured_content["rows"])
