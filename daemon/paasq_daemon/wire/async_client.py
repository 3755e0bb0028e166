"""The asyncio client of a store that a daemon serves on a socket."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from paasq_daemon.wire import method_calls
from paasq_daemon.wire.answer import Answer, PutResult
from paasq_daemon.wire.answer_parts import PART_ROWS, AnswerParts
from paasq_daemon.wire.async_connection import AsyncConnection
from paasq_daemon.wire.async_watch import AsyncWatch
from paasq_daemon.wire.client import CONNECT_TIMEOUT_S
from paasq_daemon.wire.connection_pool import POOL_SIZE, least_busy
from paasq_daemon.wire.errors import DaemonUnavailable
from paasq_daemon.wire.method_calls import MethodCall
from paasq_daemon.wire.paths import StrPath
from paasq_daemon.wire.request import Request
from paasq_daemon.wire.retry import Retry
from paasq_daemon.wire.row import Row
from paasq_dsl.catalog import Catalog
from paasq_dsl.time_zones import DEFAULT_ZONE

T = TypeVar("T")


class AsyncClient:
    """As Database, method by method, for the tasks of one event loop: `async with` connects, or the first request does.

    Where a task is cancelled, so is its request, in the daemon too. Requests go over a few connections; what only reads, or
    was certainly not sent, is sent again where the daemon closed one or is started anew (`Retry`).
    """

    zone: str = DEFAULT_ZONE

    def __init__(self, socket: StrPath, connect_timeout_s: float = CONNECT_TIMEOUT_S, retry: Retry = Retry()) -> None:  # noqa: B008  # frozen
        self._socket = Path(socket)
        self._connect_timeout_s = connect_timeout_s
        self._retry = retry
        self._opening = asyncio.Lock()
        self._closed = False
        self._connections: list[AsyncConnection] = []

    async def query(self, text: str, /, **params: Any) -> Answer:
        return await self.request(Request(text, params, zone=self.zone))

    async def stream(self, text: str, /, **params: Any) -> AsyncIterator[Row]:
        async for answer in self.parts(Request(text, params, zone=self.zone)):
            for row in answer:
                yield row

    async def parts(self, request: Request, rows: int = PART_ROWS) -> AsyncIterator[Answer]:
        parts = AnswerParts(request, rows)
        while parts.wanted is not None:
            answer = await self.request(parts.wanted)
            if parts.take(answer):
                yield answer

    def watch(self, text: str, /, **params: Any) -> AsyncWatch:
        return self.open_watch(Request(text, params, zone=self.zone))

    async def request(self, request: Request) -> Answer:
        """As Database has it; its task is what cancels it."""
        return await self._run(method_calls.query(request))

    def open_watch(self, request: Request) -> AsyncWatch:
        return AsyncWatch(self._socket, self._connect_timeout_s, method_calls.watch_params(request))

    async def explain(self, text: str, /, **params: Any) -> Answer:
        return await self._run(method_calls.explain(text, params, self.zone))

    async def get(self, collection: str, key: str) -> dict[str, Any] | None:
        return await self._run(method_calls.get(collection, key))

    async def put(self, collection: str, records: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> PutResult:
        return await self._run(method_calls.put(collection, records))

    async def catalog(self) -> Catalog:
        return await self._run(method_calls.catalog())

    async def status(self) -> dict[str, Any]:
        return await self._run(method_calls.json_call("status"))

    async def health(self) -> dict[str, Any]:
        return await self._run(method_calls.json_call("health"))

    async def values(self, collection: str, field: str, prefix: str = "", limit: int = 20) -> list[tuple[str, int]]:
        return await self._run(method_calls.values(collection, field, prefix, limit))

    async def check(self, text: str, modules: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        return await self._run(method_calls.check(text, modules))

    async def embed(
        self, *, seconds_max: float | None = None, collection: str | None = None, replace: bool = False
    ) -> dict[str, Any]:
        params = {"seconds_max": seconds_max, "collection": collection, "replace": replace}
        return await self._run(method_calls.json_call("embed", params))

    async def compact(self) -> dict[str, Any]:
        return await self._run(method_calls.json_call("compact"))

    async def expire(self, *, dry_run: bool = False, trust_clock: bool = False) -> dict[str, Any]:
        return await self._run(method_calls.json_call("expire", {"dry_run": dry_run, "trust_clock": trust_clock}))

    async def schema_apply(
        self, text: str, *, renames: Mapping[str, str] | None = None, whole: bool = False, drop: bool = False,
        dry_run: bool = True, source_name: str = "<schema>",
    ) -> dict[str, Any]:  # fmt: skip
        options = {"whole": whole, "drop": drop, "dry_run": dry_run, "source_name": source_name}
        return await self._run(method_calls.schema_apply(text, renames, options))

    async def snapshot_create(
        self,
        name: str,
        *,
        to: StrPath | None = None,
        labels: Iterable[str] = (),
        damaged: bool = False,
        verify: bool = True,
        key_file: StrPath | None = None,
        passphrase_file: StrPath | None = None,
        sign: StrPath | None = None,
    ) -> dict[str, Any]:
        options = {"damaged": damaged, "verify": verify}
        files = {"key_file": key_file, "passphrase_file": passphrase_file, "sign": sign}
        return await self._run(method_calls.snapshot_create(name, to, labels, options, files))

    async def snapshot_list(self) -> list[dict[str, Any]]:
        return await self._run(method_calls.snapshot_list())

    async def snapshot_verify(self, name: str, depth: int = 2) -> dict[str, Any]:
        return await self._run(method_calls.json_call("snapshot.verify", {"name": name, "depth": depth}))

    async def snapshot_delete(self, name: str) -> dict[str, Any]:
        return await self._run(method_calls.json_call("snapshot.delete", {"name": name}))

    async def snapshot_restore(
        self, name: str | None, into: StrPath, *, at: int | str | None = None, zone: str = DEFAULT_ZONE
    ) -> dict[str, Any]:
        return await self._run(method_calls.snapshot_restore(name, into, at, zone))

    async def snapshot_archive(
        self, *, to: StrPath | None = None, key_file: StrPath | None = None, passphrase_file: StrPath | None = None
    ) -> dict[str, Any]:
        files = {"key_file": key_file, "passphrase_file": passphrase_file}
        return await self._run(method_calls.snapshot_archive(to, files))

    async def dump(self, into: StrPath, *, vectors: bool = True, history: bool = False) -> dict[str, Any]:
        return await self._run(method_calls.dump(into, {"vectors": vectors, "history": history}))

    async def close(self) -> None:
        self._closed = True
        for connection in self._connections:
            await connection.close()

    async def __aenter__(self) -> Self:
        """Raises DaemonUnavailable where no daemon listens."""
        await self._connection()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run(self, call: MethodCall[T]) -> T:
        for attempt in itertools.count(1):
            try:
                connection = await self._connection()
                return call.read(await connection.call(call.method, call.params))
            except DaemonUnavailable as error:
                delay_s = self._retry.delay_s(error, attempt, reads=call.reads)
                if delay_s is None or self._closed:
                    raise
            await asyncio.sleep(delay_s)
        raise AssertionError("attempts end")

    async def _connection(self) -> AsyncConnection:
        """The daemon closes idle connections, and all at a restart: others are opened in their place."""
        async with self._opening:
            if self._closed:
                raise DaemonUnavailable("this client was closed", "connect again", sent=False)
            found = least_busy(self._connections, POOL_SIZE)
            if found is None:
                found = await AsyncConnection.open(self._socket, self._connect_timeout_s)
                self._connections = [found, *(each for each in self._connections if not each.ended)]
            return found
