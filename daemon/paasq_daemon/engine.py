"""A store that answers: text in, labelled answer out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeAlias

from paasq_daemon.backends.backend import RunInputs
from paasq_daemon.backends.embedded import EmbeddedBackend
from paasq_daemon.commands.dispatch import Commands
from paasq_daemon.compiler import (
    Compiler,
    Lookup,
    PreparedDryrun,
    PreparedQuery,
    PreparedTransaction,
    PreparedWatch,
    Step,
    changes_catalog,
    query_error,
    writing_word,
)  # fmt: skip
from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.embed.minilm import bundled
from paasq_daemon.index.indexes import Indexes
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import scalar
from paasq_daemon.snapshot import manifest as snapshots
from paasq_daemon.snapshot.create import create
from paasq_daemon.snapshot.garbage_collection import delete, sweep
from paasq_daemon.snapshot.restore import restore
from paasq_daemon.snapshot.verify import Depth, verify
from paasq_daemon.store.store import Store
from paasq_daemon.watches.continuous_query import StandingQuery, Watched
from paasq_daemon.watches.scheduler import Watches
from paasq_daemon.wire.answer import Answer, ColumnInfo, PutResult
from paasq_daemon.wire.cancellation import Cancellation
from paasq_daemon.wire.errors import InvalidValue, PaasqError, Progress, QueryError, ReadOnly, SnapshotError
from paasq_daemon.wire.project_modules import resolver
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.wire.token_estimate import estimated_tokens
from paasq_daemon.wire.value_codecs import encode
from paasq_daemon.writes.apply import values_of_run
from paasq_daemon.writes.transactor import Transactor
from paasq_daemon.writes.validation import TIMES_US
from paasq_daemon.writes.vectorizer import Vectors
from paasq_dsl.binder.script import bind
from paasq_dsl.bound import BoundCollection
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.diagnostics import diagnostic, nearest
from paasq_dsl.source_text import Source
from paasq_dsl.syntax.normalization import moved
from paasq_dsl.syntax.parser import parse
from paasq_dsl.time_zones import nearest_zones, zone_of
from paasq_dsl.types import Kind

Clock: TypeAlias = Callable[[], int]
_ASK = "ask by `watch` on the wire, db.watch(...) in Python, or `paasq query` on the command line"
_NOTHING = Answer((ColumnInfo("statement", "keyword"),), [])


def present_us() -> int:
    return time.time_ns() // 1_000


class Engine:
    """Every method may be called from any thread, `close` once and last. Errors are PaasqErrors.

    Values are the engine's: a time is an int, microseconds since 1970 in UTC.
    """

    def __init__(
        self, folder: Path, store: Store, indexes: Indexes, embedder: Embedder, clock: Clock = present_us
    ) -> None:
        """`clock` says what @now is, in microseconds since 1970."""
        self.folder = folder
        self._clock = clock
        self._store = store
        self._indexes = indexes
        self._vectors = Vectors(store, embedder)
        self._backend = EmbeddedBackend(indexes, self._vectors.of_query, self.snapshot_folder)
        self._compiler = Compiler(self._backend)
        self._transactor = Transactor(store, self._vectors)
        self._commands = Commands(store, indexes, self._vectors, self.snapshot_folder)
        self._watches = Watches(store)

    @classmethod
    def open(
        cls, folder: Path, *, embedder: Embedder | None = None, sync: bool = True, clock: Clock = present_us
    ) -> Engine:
        """Takes the folder for this process alone: raises FolderInUse, FormatTooNew or another StoreError.

        `embedder` None is the bundled model. `sync` False does not wait for the disk: for tests and bulk loads only.
        """
        with ExitStack() as stack:
            store = stack.enter_context(Store.open(folder, sync=sync))
            indexes = Indexes(folder, store)
            stack.pop_all()
        return cls(folder, store, indexes, embedder or bundled(), clock)

    def query(self, request: Request, cancel: Cancellation | None = None) -> Answer:
        """Run every statement of a text; the answer is the last one's. Each write is durable when its statement has ended:
        where a later one fails, the error's `progress` says what stands."""
        started = time.perf_counter()
        _check_moment(request)
        lookup = self._compile(request)
        _refuse_watches(lookup, request)
        if request.read_only:
            _refuse_writes(lookup)
        answer, failing = _NOTHING, 1
        try:
            for each in self._answers(request, lookup, cancel or Cancellation(request.budget.time_ms)):
                answer, failing = each, failing + 1
        except PaasqError as error:
            if (count := len(lookup.compiled.steps)) > 1:
                error.progress = Progress(failing, count, answer.seq if failing > 1 else None)
            raise
        tokens = sum(map(estimated_tokens, answer.rows)) if answer.tokens is None else answer.tokens
        elapsed_ms = (time.perf_counter() - started) * 1000
        return replace(answer, elapsed_ms=elapsed_ms, tokens=tokens, zone=lookup.compiled.zone)

    def watch(self, request: Request) -> StandingQuery:
        """The rows of a standing query as events; the text holds one watch, and definitions. Close it when it is not wanted
        any more. Raises QueryError, InvalidValue where the text does something else, StoreError where what it is to go on
        after is past the journal."""
        if request.budget != Budget():
            raise InvalidValue("a watch takes no budget", "bound its rows with take")
        if request.now_us is not None:
            raise InvalidValue("a watch goes with the clock, so it takes no now", "leave now out")
        _check_moment(request)
        return self._watches.start(lambda cancel: self._watched(request, cancel))

    def explain(self, request: Request) -> Answer:
        return self.query(replace(request, text=f"explain {request.text}"))

    def get(self, collection: str, key: str) -> dict[str, Any] | None:
        """A record's values by name, objects nested, with `_version`, `_seq` and `_time`; None where there is none."""
        with self._store.read() as view:
            found = _known(view.catalog, collection)
            record = view.get(found.id, key)
        if record is None:
            return None
        return {
            **record.shown(found),
            "_version": record.version,
            "_seq": record.seq,
            "_time": record.time_us,
        }

    def put(self, collection: str, records: list[dict[str, Any]]) -> PutResult:
        """Insert or replace records given as JSON objects: all of them, or with an error none."""
        return self._transactor.put_json(_known(self.catalog(), collection), records)

    def catalog(self) -> Catalog:
        with self._store.read() as view:
            return view.catalog

    def values(self, collection: str, field: str, prefix: str, limit: int) -> Sequence[tuple[str, int]]:
        """Live values of a field of strings that begin with `prefix`, most frequent first, for completion."""
        with self._indexes.read() as view:
            known = _known(view.catalog, collection)
            try:
                return view.collection(collection).values(field, prefix, limit)
            except (KeyError, TypeError):
                raise _without_values(known, field) from None

    def check(self, text: str, modules: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """What is wrong with a text, as diagnostics in JSON; nothing is run. `modules` are texts by path."""
        script, diagnostics = parse(text)
        source = Source(text)
        found = (*diagnostics, *bind(script, self.catalog(), resolve=resolver(modules or {})).diagnostics)
        return [d.to_json(source) for d in sorted(found, key=lambda d: d.span.start)]

    def embed(
        self, *, seconds_max: float | None, collection: str | None = None, replace: bool = False,
        on_progress: Callable[..., None] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Make pending vectors, of one collection or of all, until none is left or the time is up. `replace` makes all of
        them anew, with the present model."""
        if collection is not None:
            _known(self.catalog(), collection)
        if replace:
            self._vectors.replace_model(collection)
        self._vectors.check_model(self.catalog())
        made, pending = self._vectors.fill_pending(
            seconds_max=seconds_max, collection=collection, on_progress=on_progress
        )
        return {"embedded": made, "pending": pending}

    def status(self) -> dict[str, Any]:
        with self._store.read() as view:
            collections = {
                c.name: {
                    "records": view.live_count(c.id),
                    "pending_vectors": sum(view.pending_count(c.id, f.id) for f in c.fields if f.sources),
                }
                for c in view.catalog.collections.values()
            }
            seq, version = view.seq, view.catalog.version
        cache = self._compiler.cache
        return {
            "folder": str(self.folder),
            "seq": seq,
            "catalog_version": version,
            "collections": collections,
            "model": self._vectors.embedder.identity,
            "plans": {"cached": len(cache), "hits": cache.hits, "misses": cache.misses},
        }

    def start_background_embedding(self) -> None:
        """Make pending vectors as they come, in a thread that ends with `close`."""
        self._vectors.start_background()

    def announce(self, socket: Path) -> None:
        """Let those who find the folder in use know where this process serves it."""
        self._store.announce(socket)

    def snapshot_create(self, name: str) -> dict[str, Any]:
        return _manifest_json(create(self._store, self.snapshot_folder, name))

    def snapshot_list(self) -> list[dict[str, Any]]:
        return [_manifest_json(m) for m in snapshots.list_manifests(self.snapshot_folder)]

    def snapshot_verify(self, name: str, depth: int) -> dict[str, Any]:
        """`depth` 1: chain and sizes; 2: every byte hashed; 3: restored to a scratch folder and compared."""
        done = verify(self.snapshot_folder, name, list(Depth)[depth - 1])
        return {**asdict(done), "depth": str(done.depth), "ok": not done.findings}

    def snapshot_delete(self, name: str) -> dict[str, Any]:
        """Free what only this snapshot needed, and what snapshots that were never finished left."""
        delete(self.snapshot_folder, name)
        swept = sweep(self.snapshot_folder)
        return {"deleted": name, "objects": swept.objects, "freed_bytes": swept.size_bytes}

    def snapshot_restore(self, name: str, into: Path) -> dict[str, Any]:
        """Raises SnapshotError where `into` is no new or empty folder, or lies inside this store's own."""
        if into.resolve().is_relative_to(self.folder.resolve()):
            raise SnapshotError(f"{into} lies inside the store's own folder", "restore into a folder beside it")
        return _manifest_json(restore(self.snapshot_folder, name, into))

    @property
    def snapshot_folder(self) -> Path:
        return self.folder / "snapshots"

    def close(self) -> None:
        self._watches.close()
        self._vectors.stop_background()
        self._indexes.close()
        self._store.close()

    def _compile(self, request: Request, done: int = 0) -> Lookup:
        return self._compiler.compile(
            request.text, self.catalog(), request.source_name, request.modules, done, request.zone
        )

    def _answers(self, request: Request, lookup: Lookup, cancel: Cancellation) -> Iterator[Answer]:
        """Of one statement after another. Raises PaasqErrors."""
        try:
            now_us = self._clock() if request.now_us is None else request.now_us
            inputs = _inputs(request, lookup, cancel, now_us)
            todo = deque(zip(lookup.compiled.numbers, lookup.compiled.steps, strict=True))
            while todo:
                cancel.check()
                number, step = todo.popleft()
                yield self._run(step, inputs)
                if todo and changes_catalog(step):
                    rest = self._compile(request, done=number + 1).compiled
                    todo = deque(zip(rest.numbers, rest.steps, strict=True))
        except KernelError as error:
            raise _placed(error, lookup, request) from error

    def _watched(self, request: Request, cancel: Cancellation) -> Watched:
        """As the present catalog has it."""
        lookup = self._compile(request)
        watches = [step for step in lookup.compiled.steps if isinstance(step, PreparedWatch)]
        if not watches or len(lookup.compiled.steps) > 1:
            raise InvalidValue(
                "a watch is asked for by a text that holds one, behind its definitions, and nothing else",
                "watch from ...; other statements are run by a query before it",
            )
        inputs = _inputs(request, lookup, cancel, self._clock())
        return Watched(watches[0].statement, watches[0].plan, inputs, lambda error: _placed(error, lookup, request))

    def _run(self, step: Step, inputs: RunInputs) -> Answer:
        if isinstance(step, PreparedQuery):
            return step.plan.run(inputs)
        if isinstance(step, PreparedTransaction):
            return self._transactor.transact(step, inputs)
        if isinstance(step, PreparedDryrun):
            return self._transactor.dryrun(step.transaction, inputs)
        if isinstance(step, BoundCollection):
            return self._transactor.create(step.collection, self._vectors.embedder)
        assert not isinstance(step, PreparedWatch)
        return self._commands.run(step, inputs)


def _refuse_watches(lookup: Lookup, request: Request) -> None:
    """Raises QueryError where there is one: it has no answer."""
    for step in lookup.compiled.steps:
        if isinstance(step, PreparedWatch):
            span = moved(step.statement.span, lookup.compiled.text, request.text)
            found = diagnostic("PQ0625", span, ask=_ASK)
            raise query_error((found,), Source(request.text, request.source_name))


def _refuse_writes(lookup: Lookup) -> None:
    """Raises ReadOnly, naming the first statement that writes."""
    for step in lookup.compiled.steps:
        if word := writing_word(step):
            raise ReadOnly(f"{word} writes, and this request may only read", "ask with leave to write, or use dryrun")


def _check_moment(request: Request) -> None:
    """Raises InvalidValue where a request names a time zone that is none, or a moment that no time can hold."""
    if zone_of(request.zone) is None:
        meant = nearest_zones(request.zone)
        hint = f"did you mean {' or '.join(meant)}?" if meant else "zones are named as in Europe/Oslo or UTC"
        raise InvalidValue(f"there is no time zone {request.zone:.80}", hint)
    if request.now_us is not None and not TIMES_US[0] <= request.now_us <= TIMES_US[1]:
        raise InvalidValue(f"now is {request.now_us} microseconds from 1970, and years go from 1 to 9999")


def _known(catalog: Catalog, name: str) -> Any:
    if name not in catalog.collections:
        raise InvalidValue(f"there is no collection {name}", f"there is {', '.join(catalog.collections) or 'none yet'}")
    return catalog.collections[name]


def _without_values(collection: Collection, field: str) -> InvalidValue:
    having = [f.name for f in collection.fields if (f.type.item or f.type).kind in {Kind.KEYWORD, Kind.LINK}]
    meant = nearest(field, having)
    hint = f"did you mean {' or '.join(meant)}?" if meant else f"such are {', '.join(having)}"
    return InvalidValue(f"{collection.name}.{field} is no field of keywords or links", hint)


def _inputs(request: Request, lookup: Lookup, cancel: Cancellation, now_us: int) -> RunInputs:
    """One `now` for the whole text; the parameters with the defaults of those that were not given, in JSON as clients give
    them. Raises InvalidValue for a parameter that the text has not."""
    asked = lookup.compiled.asked
    for name in request.params:
        if name not in asked:
            known = ", ".join(f"${a}" for a in sorted(asked)) or "none"
            raise InvalidValue(f"the text has no parameter ${name}", f"its parameters are: {known}")
    given = dict(request.params)
    values = values_of_run(lookup.literals, {}, now_us)
    for name, declared in lookup.compiled.parameters.items():
        if name not in given and declared.default is not None:
            given[name] = encode(scalar(declared.default, values), declared.type)
    return RunInputs(lookup.literals, given, now_us, request.budget, cancel, lookup.plan_key, lookup.hit)


def _placed(error: KernelError, lookup: Lookup, request: Request) -> QueryError:
    """A kernel's error as one of the request's text, in which the plan may stand elsewhere than in its first text."""
    span = moved(error.span, lookup.compiled.text, request.text)
    found = diagnostic(error.code, span, candidates=error.candidates, **error.words)
    return query_error((found,), Source(request.text, request.source_name))


def _manifest_json(manifest: snapshots.Manifest) -> dict[str, Any]:
    shown = ("name", "created", "seq", "collections", "page_count", "page_bytes", "new_bytes", "digest", "parent")
    return {name: getattr(manifest, name) for name in shown}
