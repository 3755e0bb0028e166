"""A fake: records in a dict and a handful of texts instead of a language, enough to see the daemon around an instance."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from paasq_daemon.engine import Engine
from paasq_daemon.instance import Instance
from paasq_daemon.log import LogSettings, start_log
from paasq_daemon.server.limits import Limits
from paasq_daemon.server.listener import serve
from paasq_daemon.services.catalog import CatalogService
from paasq_daemon.services.embedding import EmbeddingService, OnProgress
from paasq_daemon.services.health import HealthService
from paasq_daemon.services.records import RecordService
from paasq_daemon.services.retention import RetentionService
from paasq_daemon.services.snapshots import SnapshotService, snapshot_to_json
from paasq_daemon.services.status import StatusService
from paasq_daemon.snapshot.create import CreateOptions
from paasq_daemon.snapshot.encryption_key import KeySource
from paasq_daemon.snapshot.listing import SnapshotInfo
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.snapshot.verify import Verification, VerifyDepth
from paasq_daemon.watches.continuous_query import ContinuousQuery
from paasq_daemon.watches.scheduler import WatchScheduler
from paasq_daemon.watches.watch_evaluation import LocalWatchEvaluator, WatchEvaluator
from paasq_daemon.wire.answer import Answer, ColumnInfo, PutResult
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import ConflictError, QueryError
from paasq_daemon.wire.events import EventBatch, RowChange
from paasq_daemon.wire.request import Request
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.types import DURATION, KEYWORD, TIME, list_of
from paasq_dsl.values import Duration

CATALOG = Catalog().with_collection(
    Collection(
        1,
        "task",
        (
            Field(1, "id", KEYWORD),
            Field(2, "due", TIME),
            Field(3, "effort", DURATION, default=Duration(months=1)),
            Field(4, "tags", list_of(KEYWORD)),
        ),
        "id",
    )
)
DUE_US = 1_795_339_800_000_000  # 2026-11-22T09:30:00Z


class FakeWatch(ContinuousQuery):
    """`tell` makes it due; each batch has so many events as were told since, of `size` characters each."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.on_due = lambda: None
        self.told = 0
        self.batches = 0
        self.was_closed = False

    @property
    def cooldown_s(self) -> float:
        return 0.0

    def tell(self, events: int = 1) -> None:
        self.told += events
        self.on_due()

    def next_events(self) -> EventBatch | None:
        if self.text == "watch crash" and self.told:
            raise KeyError("a secret of a record")
        count, self.told = self.told, 0
        self.batches += 1
        size = int(self.text.partition(" ")[2] or 1)
        changes = [RowChange("enter", str(i), ["x" * size]) for i in range(count)]
        return EventBatch((ColumnInfo("x", "text"),), changes, self.batches, DUE_US, f"c{self.batches}")

    def close(self) -> None:
        self.was_closed = True


class FakeWatchEvaluator(LocalWatchEvaluator):
    text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "text", text)


class FakeWatches(WatchScheduler):
    """Each opens a fake watch of its text."""

    def __init__(self) -> None:
        self.opened: list[FakeWatch] = []

    def register(self, evaluator: WatchEvaluator) -> FakeWatch:
        assert isinstance(evaluator, FakeWatchEvaluator)
        self.opened.append(FakeWatch(evaluator.text))
        return self.opened[-1]


class FakeEngine(Engine):
    """`running` is set once a text runs that takes its time."""

    def __init__(self, running: threading.Event) -> None:
        self.running = running
        self.cancelled = 0

    def query(self, request: Request, cancel: CancellationToken | None = None) -> Answer:
        verb, _, rest = request.text.partition(" ")
        match verb:
            case "echo":
                columns = tuple(ColumnInfo(name, "any") for name in request.params)
                return Answer(columns, [list(request.params.values())], seq=7)
            case "long":
                return Answer((ColumnInfo("x", "text"),), [["x" * int(rest)]])
            case "rows":
                row = ["x" * 100, DUE_US, Duration(micros=5_400_000_000), float("nan")]
                types = {"text": "text", "at": "time", "took": "duration", "score": "float"}
                columns = tuple(ColumnInfo(name, type_name) for name, type_name in types.items())
                return Answer(columns, [row] * int(rest), complete=False, reason="limit", cursor="c1", seq=7)
            case "sleep":
                return self._sleep(float(rest), cancel)
            case "stubborn":  # does not look at its token
                self.running.set()
                time.sleep(float(rest))
                return Answer((), [])
            case "crash":
                raise KeyError("a secret of a record")
        place = {"code": "PQ0001", "message": "no such verb", "start": 0, "end": len(verb), "line": 1, "column": 1}
        raise QueryError(f"{verb!r} is no verb", [place], "there are echo, long, rows, sleep, stubborn and crash")

    def _sleep(self, seconds: float, cancel: CancellationToken | None) -> Answer:
        self.running.set()
        end_s = time.monotonic() + seconds
        try:
            while time.monotonic() < end_s:
                if cancel is not None:
                    cancel.raise_if_cancelled()
                time.sleep(0.002)
        except Exception:
            self.cancelled += 1
            raise
        return Answer((), [])

    def watch(self, request: Request) -> LocalWatchEvaluator:
        return FakeWatchEvaluator(request.text)

    def explain(self, request: Request) -> Answer:
        return Answer((), [], plan=f"fake plan of {request.text}")

    def check(self, text: str, modules: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        del modules
        return [] if text.startswith("echo") else [{"code": "PQ0001", "message": "no such verb"}]


class FakeRecords(RecordService):
    def __init__(self, records: dict[str, dict[str, Any]]) -> None:
        self.by_key = records

    def get(self, collection: str, key: str) -> dict[str, Any] | None:
        assert collection == "task"
        return self.by_key.get(key)

    def put(self, collection: str, records: list[dict[str, Any]]) -> PutResult:
        if collection != "task":
            raise ConflictError(f"no collection {collection!r}", "there is task")
        for record in records:
            self.by_key[record["id"]] = record | {"due": DUE_US, "effort": Duration(months=1), "_version": 1}
        return PutResult(tuple(record["id"] for record in records), len(self.by_key))


class FakeCatalog(CatalogService):
    def __init__(self, records: dict[str, dict[str, Any]]) -> None:
        self.by_key = records

    def current(self) -> Catalog:
        return CATALOG

    def values(self, collection: str, field: str, prefix: str, limit: int) -> Sequence[tuple[str, int]]:
        assert (collection, field) == ("task", "id")
        return [(key, 1) for key in self.by_key if key.startswith(prefix)][:limit]


class FakeEmbedding(EmbeddingService):
    def __init__(self, running: threading.Event) -> None:
        self.running = running

    def run(
        self, *, seconds_max: float | None, collection: str | None = None, replace: bool = False,
        on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        del collection, replace  # it has no vectors
        for made in range(int((seconds_max or 0) * 1000)):
            self.running.set()
            time.sleep(0.001)
            if on_progress is not None:
                on_progress(made, 1)
        return {"embedded": 1, "pending": 0}


class FakeRetention(RetentionService):
    def __init__(self) -> None:
        pass

    def run(self, *, dry_run: bool = False, trust_clock: bool = False) -> dict[str, Any]:
        del trust_clock
        return {"collections": [], "dry_run": dry_run, "clock_ahead": None}


class FakeSnapshots(SnapshotService):
    def __init__(self) -> None:
        pass

    def create(
        self, name: str, options: CreateOptions | None = None, to: str | None = None, key: KeySource | None = None
    ) -> SnapshotInfo:
        del to, key
        return SnapshotInfo(name, "2026-11-22T09:30:00Z", seq=7, labels=options.labels if options else ())

    def list(self) -> list[SnapshotInfo]:
        return [self.create("monday")]

    def verify(self, name: str, depth: int = 2) -> Verification:
        return Verification(name, list(VerifyDepth)[depth - 1])

    def delete(self, name: str) -> dict[str, Any]:
        return {"deleted": name}

    def restore(self, name: str | None, into: Path, at: Moment | None = None) -> dict[str, Any]:
        del into, at
        return snapshot_to_json(self.create(name or "monday"))

    def archive(self, to: str | None = None, key: KeySource | None = None) -> dict[str, Any]:
        del to, key
        return {"last": 7}


class FakeHealth(HealthService):
    def __init__(self) -> None:
        pass

    def report(self) -> dict[str, Any]:
        writes = {"taken": True, "problem": None, "missing_bytes": 0}
        return {"ok": True, "problems": [], "writes": writes, "checked": {"pages": None, "entries": None}}


class FakeStatus(StatusService):
    def __init__(self, records: dict[str, dict[str, Any]]) -> None:
        self.by_key = records

    def report(self) -> dict[str, Any]:
        return {"records": len(self.by_key)}


class FakeInstance(Instance):
    """All its services fake; `closed` is true after `close`."""

    engine: FakeEngine
    watches: FakeWatches

    def __init__(self) -> None:
        records: dict[str, dict[str, Any]] = {}
        self.running = threading.Event()
        self.watches = FakeWatches()
        self.closed = False
        self.engine = FakeEngine(self.running)
        self.records, self.catalog, self.status = FakeRecords(records), FakeCatalog(records), FakeStatus(records)
        self.snapshots, self.embedding = FakeSnapshots(), FakeEmbedding(self.running)
        self.retention, self.health = FakeRetention(), FakeHealth()
        self.resources = ExitStack()

    @property
    def cancelled(self) -> int:
        """How many texts ended because they were cancelled, or out of time."""
        return self.engine.cancelled

    def close(self) -> None:
        self.closed = True


def main() -> None:
    """A daemon of its own process: `fake_instance.py SOCKET GRACE_S`; exits 0 where it stopped cleanly."""
    start_log(LogSettings())
    instance = FakeInstance()
    limits = Limits(grace_s=float(sys.argv[2]), cancel_grace_s=0.3)
    clean = serve(instance, Path(sys.argv[1]), limits=limits, on_ready=lambda: print("ready", flush=True))
    sys.exit(0 if clean else 3)


if __name__ == "__main__":
    main()
