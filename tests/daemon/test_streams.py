"""Long answers come in parts, as of one moment, from a store in this process and from a daemon, for threads and for asyncio."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import paasq
from daemon.process import Daemon
from paasq_daemon.operators.result_limiter import ROWS_MAX
from paasq_daemon.wire.answer_parts import PART_ROWS
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import InvalidValue, PaasqError, QueryError, ReadOnly
from paasq_daemon.wire.framing import FRAME_BYTES_MAX
from paasq_daemon.wire.request import Budget, Request

ROWS = ROWS_MAX + 2 * PART_ROWS + 7  # more than one answer has


@pytest.fixture(params=["open", "connect"])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.param == "open":
        folder = Path(tempfile.mkdtemp(prefix="paasq"))
        with paasq.open(folder / "data") as opened:
            yield opened
        shutil.rmtree(folder)
    else:
        daemon: Daemon = request.getfixturevalue("daemon")
        with paasq.connect(daemon.socket) as connected:
            yield connected


def fill(db: Database, rows: int = ROWS) -> None:
    db.query("collection thing { key id: keyword  n: int  text: text }")
    for start in range(0, rows, 5_000):
        db.put(
            "thing", [{"id": f"t{n}", "n": n, "text": f"word{n % 3}"} for n in range(start, min(start + 5_000, rows))]
        )


def test_all_rows_come_in_order(db: Database) -> None:
    fill(db)
    assert [row.n for row in db.stream("from thing | sort n desc | select n")] == list(range(ROWS))[::-1]
    assert sorted(row.n for row in db.stream("from thing | where n >= $least | select n", least=9)) == list(
        range(9, ROWS)
    )
    assert len(list(db.stream('from thing | match text "word1" | select n'))) == len(range(1, ROWS, 3))
    assert [row.c for row in db.stream("from thing | summarize c = count() by m = n % 3 | sort m")] == [
        len(range(m, ROWS, 3)) for m in range(3)
    ]


def test_all_parts_are_of_the_first_ones_moment(db: Database) -> None:
    fill(db, 30)
    parts = db.parts(Request("from thing | sort n | select n"), rows=10)
    seen = [next(parts)]
    db.query("patch thing where n > 5 set n = n + 1000")
    db.query("delete from thing where n >= 1020")
    db.put("thing", {"id": "new", "n": -1})
    seen += parts
    assert [row.n for part in seen for row in part] == list(range(30))
    assert {part.seq for part in seen} == {seen[0].seq}
    assert [(len(part), part.complete, part.reason) for part in seen] == [
        (10, False, "rows"), (10, False, "rows"), (10, True, None),
    ]  # fmt: skip


def test_a_part_is_asked_for_when_it_is_wanted(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads slowly has nothing under way, and who stops early asks for no more."""
    fill(db, 30)
    asked: list[str | None] = []
    ask = db.request
    monkeypatch.setattr(db, "request", lambda request: asked.append(request.after) or ask(request))  # type: ignore[func-returns-value]
    parts = db.parts(Request("from thing"), rows=10)
    assert asked == []
    next(parts)
    assert asked == [None]
    assert len(list(parts)) == 2
    assert len(asked) == 3


def test_long_rows_come_fewer_at_a_time(db: Database) -> None:
    """What one message could not hold comes in several parts; a row that is a part by itself comes whole."""
    text = "\u4e2d" * (FRAME_BYTES_MAX // 12)  # 3 bytes each
    db.query("collection page { key id: keyword  body: text }")
    for number in range(5):
        db.put("page", {"id": f"p{number}", "body": text + str(number)})
    db.put("page", {"id": "p5", "body": text * 3})
    found = list(db.stream("from page | sort id"))
    assert [(row.id, len(row.body)) for row in found] == [
        *((f"p{n}", len(text) + 1) for n in range(5)),
        ("p5", 3 * len(text)),
    ]


@pytest.mark.parametrize(
    ("request_", "kind", "words"),
    [
        (Request("delete from thing where n == 1"), ReadOnly, "may only read"),
        (Request("from thing | page 5"), InvalidValue, "pages of its own"),
        (Request("from thing", budget=Budget(rows=5)), InvalidValue, "no budget of rows"),
        (Request("from thing", budget=Budget(tokens=500)), InvalidValue, "no budget of rows"),
    ],
)
def test_what_is_no_stream(db: Database, request_: Request, kind: type[PaasqError], words: str) -> None:
    fill(db, 30)
    with pytest.raises(kind, match=words):
        next(db.parts(request_, rows=10))
    assert db.query("from thing | summarize n = count()")[0].n == 30


def test_what_does_not_go_on_after_a_cursor(db: Database) -> None:
    fill(db, 30)
    cursor = db.request(Request("from thing | sort n", budget=Budget(rows=3))).cursor
    assert [row.n for row in db.request(Request("from thing | sort n", after=cursor))] == list(range(3, 30))
    with pytest.raises(QueryError, match="of another query"):
        db.request(Request("from thing | sort n desc", after=cursor))
    with pytest.raises(QueryError, match="not a cursor"):
        db.request(Request("from thing | sort n", after="zz"))
    for text in ("from thing | sort n | page 3", "from thing; from thing | sort n", "explain from thing | sort n"):
        with pytest.raises(InvalidValue):
            db.request(Request(text, after=cursor))
    with pytest.raises(InvalidValue, match="takes no cursor"):
        next(db.open_watch(Request("watch from thing", after=cursor)))


def test_the_same_for_asyncio(daemon: Daemon) -> None:
    async def main() -> None:
        with daemon.client() as client:
            fill(client)
        async with asyncio.timeout(60), paasq.connect_async(daemon.socket) as db:
            found = [row.n async for row in db.stream("from thing | where n >= $least | sort n | select n", least=5)]
            assert found == list(range(5, ROWS))
            parts = [part async for part in db.parts(Request("from thing | take 25"), rows=10)]
            assert [len(part) for part in parts] == [10, 10, 5]

    asyncio.run(main())
