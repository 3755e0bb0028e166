# ruff: noqa: INP001, T201 - a script that stands alone, and speaks
"""An agent that remembers and recalls, over MCP or over the daemon's socket. It needs a daemon, `paasq serve`.

    python samples/assistant/agent.py mcp --data DIR
    python samples/assistant/agent.py socket --data DIR

Each line of its input is something to remember, `remember The bell at the door is broken.`, or a question, `What is
broken?`. A question is answered with what is stored, each with its citation: a language model in this place would write
its answer from these, and cite them. What is stored is data to it: no word in it is a command.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from mcp import Client
from mcp.client.stdio import StdioServerParameters

import paasq

RECALLED = 3


class Memory(Protocol):
    """Where an agent keeps what it was told."""

    async def remember(self, fact: str) -> bool:
        """Keep a fact; False where it is known already."""

    async def recall(self, question: str) -> list[tuple[str, str]]:
        """What fits the question, the best first: citations and texts."""


class McpMemory:
    """Over the Model Context Protocol: the tools `remember` and `find`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def remember(self, fact: str) -> bool:
        result = await self._client.call_tool("remember", {"collection": "note", "records": [note(fact)]})
        return problem(result) != "PQ5001"  # ConflictError: its key is there

    async def recall(self, question: str) -> list[tuple[str, str]]:
        given = {"words": question, "collection": "note", "limit": RECALLED, "tokens": 1_000}
        result = await self._client.call_tool("find", given)
        problem(result)
        return [(row["_cite"], row["title"]) for row in result.structured_content["rows"]]


class SocketMemory:
    """Over the daemon's socket, by the client of Python."""

    def __init__(self, store: paasq.Client) -> None:
        self._store = store

    async def remember(self, fact: str) -> bool:
        text = "put note {id: $id, title: $title, tags: $tags, created: $created} expect absent"
        try:
            await asyncio.to_thread(self._store.query, text, **note(fact))
        except paasq.ConflictError:
            return False
        return True

    async def recall(self, question: str) -> list[tuple[str, str]]:
        text = "from note | find $question | take $count | cite | select _cite, title | budget tokens 1000"
        answer = await asyncio.to_thread(self._store.query, text, question=question, count=RECALLED)
        return [(row["_cite"], row["title"]) for row in answer.to_dicts()]


def problem(result: Any) -> str | None:
    """The code of the error that a call ended with. Raises RuntimeError for one that is no conflict."""
    if not result.is_error:
        return None
    error = json.loads(result.content[1].text)["error"]
    if error["code"] != "PQ5001":
        raise RuntimeError(f"{error['message']} {error['hint']}")
    return str(error["code"])


def note(fact: str) -> dict[str, Any]:
    """The record of a fact. Its key is made from its words, so that the same fact is stored once."""
    key = sha256(fact.strip().lower().encode()).hexdigest()[:12]
    return {"id": f"told-{key}", "title": fact, "tags": ["told"], "created": datetime.now(UTC).isoformat()}


@asynccontextmanager
async def connected(way: str, data: Path) -> AsyncIterator[Memory]:
    """The memory in the store of this folder."""
    if way == "mcp":
        command = [sys.executable, "-m", "paasq_daemon", "mcp", "--write", "--data", str(data)]
        async with Client(StdioServerParameters(command=command[0], args=command[1:])) as client:
            yield McpMemory(client)
    else:
        with paasq.connect(data / "paasq.sock") as store:
            yield SocketMemory(store)


async def serve(way: str, data: Path) -> None:
    """Answer the lines of the input until it ends."""
    async with connected(way, data) as memory:
        for line in sys.stdin:
            words = line.strip()
            if words.startswith("remember "):
                new = await memory.remember(words.removeprefix("remember "))
                print("I will remember that." if new else "I know that.")
            elif words:
                for citation, text in await memory.recall(words):
                    print(f"{text} [{citation}]")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="An agent that remembers and recalls.")
    parser.add_argument("way", choices=("mcp", "socket"))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data folder that a daemon serves")
    given = parser.parse_args()
    asyncio.run(serve(given.way, given.data))
