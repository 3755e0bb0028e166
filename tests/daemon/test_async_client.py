"""The asyncio client against a real daemon: what Database has, cancelled with its task, sent again where that is safe."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

import paasq
from daemon.notes import COUNT, fill
from daemon.process import Daemon
from paasq_daemon.server.methods.registry import METHODS
from paasq_daemon.server.rights import Right
from paasq_daemon.wire import method_calls
from paasq_daemon.wire.async_client import AsyncClient
from paasq_daemon.wire.async_connection import AsyncConnection
from paasq_daemon.wire.connection_pool import POOL_SIZE
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import Cancelled, ConflictError, DaemonUnavailable, InvalidValue, QueryError, ReadOnly
from paasq_daemon.wire.framing import REQUESTS_IN_FLIGHT_MAX
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.wire.retry import Retry

LONG = ";".join(['from note | where contains(concat(body, title, body), "zz") | summarize n = count()'] * 2_500)


def run(daemon: Daemon, work: Callable[[AsyncClient], Awaitable[None]]) -> None:
    """The work, with a client of its own, that leaves no task behind."""

    async def main() -> None:
        async with asyncio.timeout(60), paasq.connect_async(daemon.socket) as db:
            await work(db)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


@pytest.fixture
def filled(daemon: Daemon) -> Daemon:
    with daemon.client() as client:
        fill(client)
    return daemon


def test_it_has_what_a_database_has() -> None:
    """The same names and parameters; a request is cancelled by its task, so it takes no token."""
    for name, method in inspect.getmembers(Database, inspect.isfunction):
        if name.startswith("__"):
            assert hasattr(AsyncClient, {"__enter__": "__aenter__", "__exit__": "__aexit__"}[name])
            continue
        there = dict(inspect.signature(method).parameters)
        there.pop("cancel", None)
        assert list(inspect.signature(getattr(AsyncClient, name)).parameters.values()) == list(there.values()), name


def test_what_is_sent_twice_only_reads() -> None:
    """What the clients take for reading is what the daemon says is."""
    for name, method in METHODS.items():
        if method_calls.json_call(name).reads:
            assert method.right is Right.READ, name


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ('from note | where title == "put"', True),
        ("// all\nlet a = from note;\nparam $n: int; from a | take $n;", True),
        ("show collections", True),
        ("put note {id: 1}", False),
        ("from note; delete note:a", False),
        ("dryrun delete note:a", False),
        ("tx { put note {id: 1} }", False),
        ("collection note { key id: keyword }", False),
    ],
)  # fmt: skip
def test_a_text_reads_where_every_statement_does(text: str, *, reads: bool) -> None:
    assert method_calls.query(Request(text)).reads is reads
    assert method_calls.query(Request(text, read_only=True)).reads


def test_it_reads_and_writes(daemon: Daemon) -> None:
    async def work(db: AsyncClient) -> None:
        await db.query("collection note { key id: keyword  title: text  n: int }")
        done = await db.put("note", [{"id": "a", "title": "one", "n": 1}, {"id": "b", "title": "two"}])
        assert done.keys == ("a", "b")
        assert (await db.get("note", "a") or {})["title"] == "one"
        assert await db.get("note", "z") is None
        assert [row.id for row in await db.query("from note | where n == $n", n=1)] == ["a"]
        assert "scan note" in str((await db.explain("from note")).plan)
        assert [each["code"] for each in await db.check("from nte")] == ["PQ0201"]
        assert (await db.status())["seq"] == done.seq
        assert set((await db.catalog()).collections) == {"note"}

    run(daemon, work)


def test_its_errors_are_those_of_the_daemon(filled: Daemon) -> None:
    async def work(db: AsyncClient) -> None:
        with pytest.raises(QueryError) as wrong:
            await db.query("from nothing")
        assert wrong.value.diagnostics
        with pytest.raises(ConflictError):
            await db.query('put note {id: "n1"} expect absent')
        with pytest.raises(ReadOnly):
            await db.request(Request("delete note:n1", read_only=True))
        with pytest.raises(InvalidValue, match="takes no budget"):
            db.open_watch(Request("watch from note", budget=Budget(rows=3)))

    run(filled, work)


def test_many_tasks_share_a_few_connections(filled: Daemon) -> None:
    async def work(db: AsyncClient) -> None:
        many = 2 * POOL_SIZE * REQUESTS_IN_FLIGHT_MAX
        found = await asyncio.gather(*(db.get("note", f"n{i % COUNT}") for i in range(many)))
        assert [each and each["id"] for each in found] == [f"n{i % COUNT}" for i in range(many)]
        assert len(db._connections) == POOL_SIZE

    run(filled, work)


def under_way(db: AsyncClient) -> int:
    """Requests that the daemon still owes an answer."""
    return sum(each.under_way for each in db._connections)


async def until(holds: Callable[[], bool]) -> None:
    """The caller's timeout bounds it."""
    while not holds():  # noqa: ASYNC110  # there is no event to wait for
        await asyncio.sleep(0.02)


def test_a_cancelled_task_cancels_its_request(filled: Daemon) -> None:
    """What the daemon answers then is that it was cancelled, and the connection serves on."""
    seen: list[BaseException | None] = []

    async def work(db: AsyncClient) -> None:
        task = asyncio.create_task(db.query(LONG))
        await until(lambda: under_way(db) == 1)
        connection = next(each for each in db._connections if each.under_way)
        [answer] = connection._pending._futures.values()
        answer.add_done_callback(lambda done: seen.append(done.exception()))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: under_way(db) == 0)
        assert (await db.query("from note | take 1 | select id")).complete is not None
        assert not connection.ended

    run(filled, work)
    assert [type(each) for each in seen] == [Cancelled]


def test_a_timeout_cancels_too(filled: Daemon) -> None:
    async def work(db: AsyncClient) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await db.query(LONG)
        await until(lambda: under_way(db) == 0)

    run(filled, work)


def test_a_watch_is_an_async_iterator(daemon: Daemon) -> None:
    async def work(db: AsyncClient) -> None:
        await db.query("collection note { key id: keyword  title: text }")
        async with db.watch("watch from note | select id, title") as watch:
            assert [len(batch) async for batch in _first(watch, 1)] == [0]
            await db.put("note", {"id": "a", "title": "one"})
            [batch] = [batch async for batch in _first(watch, 1)]
            assert [(event, row.title) for event, _, row in batch] == [("enter", "one")]
            ending = asyncio.create_task(anext(watch, None))
            await asyncio.sleep(0)
            await watch.close()
            assert await ending is None
        with pytest.raises(QueryError):
            async for _ in db.watch("watch from nothing"):
                pass

    run(daemon, work)


async def _first(watch: AsyncIterator[Any], count: int) -> AsyncIterator[Any]:
    for _ in range(count):
        yield await anext(watch)


def test_a_watch_ends_with_its_daemon(filled: Daemon) -> None:
    async def work(db: AsyncClient) -> None:
        watch = db.watch("watch from note | select id")
        await anext(watch)
        filled.kill()
        for _ in range(2):
            with pytest.raises(DaemonUnavailable, match="go on after the cursor"):
                await anext(watch)
        await watch.close()

    run(filled, work)


def test_who_reads_slowly_gets_the_last_state(daemon: Daemon) -> None:
    """A few batches wait, the others are merged by the daemon: no more memory is used however long it takes."""

    async def work(db: AsyncClient) -> None:
        await db.query("collection note { key id: keyword  n: int }")
        async with db.watch("watch from note | select id, n") as watch:
            for n in range(60):
                await db.put("note", {"id": "a", "n": n})
            last, batches = -1, 0
            while last != 59:
                batches += 1
                last = max((row.n for _, _, row in await anext(watch)), default=-1)
            assert batches < 60

    run(daemon, work)


def test_reads_go_on_over_a_restart(filled: Daemon) -> None:
    async def work(db: AsyncClient) -> None:
        db._retry = Retry(attempts=100)
        assert await db.get("note", "n1")
        filled.kill()
        await until(lambda: all(each.ended for each in db._connections))
        reading = [
            asyncio.create_task(db.query("from note | where _key == $k | select id", k=f"n{i}")) for i in range(9)
        ]
        writing = asyncio.create_task(db.put("note", {"id": "new", "title": "put once"}))
        await asyncio.to_thread(filled.start)
        assert [(await each)[0].id for each in reading] == [f"n{i}" for i in range(9)]
        assert (await writing).keys == ("new",), "nobody listened, so it was certainly not sent"

    run(filled, work)


@asynccontextmanager
async def deaf_daemon(path: Any) -> AsyncIterator[list[str]]:
    """Takes a request and hangs up: it may have done it. Gives the methods that it was asked for."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            line = await reader.readline()
            asked.extend(name for name in ("put", "get", "query") if f'"method":"{name}"'.encode() in line)
        writer.close()

    async with await asyncio.start_unix_server(serve, path):
        yield asked


def test_a_write_that_may_have_been_done_is_not_sent_again(folder: Any) -> None:
    async def main() -> None:
        folder.mkdir()
        path = folder / "s"
        async with deaf_daemon(path) as asked, paasq.connect_async(path) as db:
            db._retry = Retry(attempts=3, first_delay_s=0.001)
            for work in (db.put("note", {"id": "a"}), db.query("from note; delete note:a"), db.get("note", "a")):
                with pytest.raises(DaemonUnavailable):
                    await work
            assert asked == ["put", "query", "get", "get", "get"]

    asyncio.run(asyncio.wait_for(main(), 60))


def test_the_client_of_threads_does_the_same(folder: Any) -> None:
    async def main() -> None:
        folder.mkdir()
        path = folder / "s"
        async with deaf_daemon(path) as asked:
            with await asyncio.to_thread(paasq.connect, path) as db:
                db._retry = Retry(attempts=3, first_delay_s=0.001)
                for work in (lambda: db.put("note", {"id": "a"}), lambda: db.get("note", "a")):
                    with pytest.raises(DaemonUnavailable):
                        await asyncio.to_thread(work)
            assert asked == ["put", "get", "get", "get"]

    asyncio.run(asyncio.wait_for(main(), 60))


def test_where_nobody_listens_it_says_so_at_once(folder: Any) -> None:
    async def main() -> None:
        began_s = time.monotonic()
        with pytest.raises(DaemonUnavailable, match="paasq serve"):
            async with paasq.connect_async(folder / "nobody.sock"):
                pass
        assert time.monotonic() - began_s < Retry().delay_s_max
        db = paasq.connect_async(folder / "nobody.sock")
        await db.close()
        with pytest.raises(DaemonUnavailable, match="was closed"):
            await db.status()

    asyncio.run(main())


def test_a_daemon_that_says_nothing_is_given_up(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paasq_daemon.wire.pending_answers._PING_AFTER_S", 0.1)
    monkeypatch.setattr("paasq_daemon.wire.pending_answers._SILENCE_S_MAX", 0.4)
    lines: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            lines.append(line)
        writer.close()

    async def main() -> None:
        folder.mkdir()
        async with await asyncio.start_unix_server(serve, folder / "s"):
            connection = await AsyncConnection.open(folder / "s", 5.0)
            with pytest.raises(DaemonUnavailable, match="said nothing"):
                await connection.call("status", {})
            await connection.close()
        assert any(b'"ping"' in line for line in lines)

    asyncio.run(asyncio.wait_for(main(), 60))
