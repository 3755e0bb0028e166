"""A store that answers: text in, labelled answer out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeAlias

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.backends.embedded import EmbeddedBackend
from paasq_daemon.commands.dispatch import CommandDispatcher
from paasq_daemon.compiler import (
    CompiledRequest,
    Compiler,
    PreparedDryrun,
    PreparedQuery,
    PreparedStatement,
    PreparedTransaction,
    PreparedWatch,
    changes_catalog,
    mutating_keyword,
    query_error,
)  # fmt: skip
from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.embed.minilm import bundled_embedder
from paasq_daemon.index.indexes import Indexes
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.snapshot import manifest as snapshots
from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.garbage_collection import collect_garbage, delete_snapshot
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.verify import VerifyDepth, verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.watches.continuous_query import CompiledWatch, ContinuousQuery
from paasq_daemon.watches.scheduler import WatchScheduler
from paasq_daemon.wire.answer import Answer, ColumnInfo, PutResult
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import InvalidValue, PaasqError, QueryError, ReadOnly, ScriptProgress, SnapshotError
from paasq_daemon.wire.project_modules import module_resolver
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.wire.token_estimate import estimate_tokens
from paasq_daemon.wire.value_codecs import encode
from paasq_daemon.writes.apply import constant_context
from paasq_daemon.writes.transactor import Transactor
from paasq_daemon.writes.validation import TIMES_US
from paasq_daemon.writes.vectorizer import Vectorizer
from paasq_dsl.binder.script import bind_script
from paasq_dsl.bound import BoundCreateCollection
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.diagnostics import make_diagnostic, similar_names
from paasq_dsl.source_text import SourceText
from paasq_dsl.syntax.normalization import remap_span
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.time_zones import find_zone, similar_zones
from paasq_dsl.types import TypeKind

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
        self._vectors = Vectorizer(store, embedder)
        self._backend = EmbeddedBackend(indexes, self._vectors.embed_query, self.snapshot_folder)
        self._compiler = Compiler(self._backend)
        self._transactor = Transactor(store, self._vectors)
        self._commands = CommandDispatcher(store, indexes, self._vectors, self.snapshot_folder)
        self._watches = WatchScheduler(store)

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
        return cls(folder, store, indexes, embedder or bundled_embedder(), clock)

    def query(self, request: Request, cancel: CancellationToken | None = None) -> Answer:
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
            for each in self._answers(request, lookup, cancel or CancellationToken(request.budget.time_ms)):
                answer, failing = each, failing + 1
        except PaasqError as error:
            if (count := len(lookup.compiled.statements)) > 1:
                error.progress = ScriptProgress(failing, count, answer.seq if failing > 1 else None)
            raise
        tokens = sum(map(estimate_tokens, answer.rows)) if answer.tokens is None else answer.tokens
        elapsed_ms = (time.perf_counter() - started) * 1000
        return replace(answer, elapsed_ms=elapsed_ms, tokens=tokens, zone=lookup.compiled.zone)

    def watch(self, request: Request) -> ContinuousQuery:
        """The rows of a standing query as events; the text holds one watch, and definitions. Close it when it is not wanted
        any more. Raises QueryError, InvalidValue where the text does something else, StoreError where what it is to go on
        after is past the journal."""
        if request.budget != Budget():
            raise InvalidValue("a watch takes no budget", "bound its rows with take")
        if request.now_us is not None:
            raise InvalidValue("a watch goes with the clock, so it takes no now", "leave now out")
        _check_moment(request)
        return self._watches.register(lambda cancel: self._watched(request, cancel))

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
            **record.to_document(found),
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
                return view.collection(collection).values_with_prefix(field, prefix, limit)
            except (KeyError, TypeError):
                raise _without_values(known, field) from None

    def check(self, text: str, modules: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """What is wrong with a text, as diagnostics in JSON; nothing is run. `modules` are texts by path."""
        script, diagnostics = parse_script(text)
        source = SourceText(text)
        found = (
            *diagnostics,
            *bind_script(script, self.catalog(), resolve_module=module_resolver(modules or {})).diagnostics,
        )
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
            self._vectors.mark_all_pending(collection)
        self._vectors.check_model(self.catalog())
        made, pending = self._vectors.embed_pending(
            seconds_max=seconds_max, collection=collection, on_progress=on_progress
        )
        return {"embedded": made, "pending": pending}

    def status(self) -> dict[str, Any]:
        with self._store.read() as view:
            collections = {
                c.name: {
                    "records": view.live_count(c.id),
                    "pending_vectors": sum(view.pending_vector_count(c.id, f.id) for f in c.fields if f.source_fields),
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
        self._store.publish_socket(socket)

    def snapshot_create(self, name: str) -> dict[str, Any]:
        return _manifest_json(create_snapshot(self._store, self.snapshot_folder, name))

    def snapshot_list(self) -> list[dict[str, Any]]:
        return [_manifest_json(m) for m in snapshots.list_manifests(self.snapshot_folder)]

    def snapshot_verify(self, name: str, depth: int) -> dict[str, Any]:
        """`depth` 1: chain and sizes; 2: every byte hashed; 3: restored to a scratch folder and compared."""
        done = verify_snapshot(self.snapshot_folder, name, list(VerifyDepth)[depth - 1])
        return {**asdict(done), "depth": str(done.depth), "ok": not done.findings}

    def snapshot_delete(self, name: str) -> dict[str, Any]:
        """Free what only this snapshot needed, and what snapshots that were never finished left."""
        delete_snapshot(self.snapshot_folder, name)
        swept = collect_garbage(self.snapshot_folder)
        return {"deleted": name, "objects": swept.objects, "freed_bytes": swept.size_bytes}

    def snapshot_restore(self, name: str, into: Path) -> dict[str, Any]:
        """Raises SnapshotError where `into` is no new or empty folder, or lies inside this store's own."""
        if into.resolve().is_relative_to(self.folder.resolve()):
            raise SnapshotError(f"{into} lies inside the store's own folder", "restore into a folder beside it")
        return _manifest_json(restore_snapshot(self.snapshot_folder, name, into))

    @property
    def snapshot_folder(self) -> Path:
        return self.folder / "snapshots"

    def close(self) -> None:
        self._watches.close()
        self._vectors.stop_background()
        self._indexes.close()
        self._store.close()

    def _compile(self, request: Request, done: int = 0) -> CompiledRequest:
        return self._compiler.compile(
            request.text, self.catalog(), request.source_name, request.modules, done, request.zone
        )

    def _answers(self, request: Request, lookup: CompiledRequest, cancel: CancellationToken) -> Iterator[Answer]:
        """Of one statement after another. Raises PaasqErrors."""
        try:
            now_us = self._clock() if request.now_us is None else request.now_us
            inputs = _inputs(request, lookup, cancel, now_us)
            todo = deque(zip(lookup.compiled.statement_numbers, lookup.compiled.statements, strict=True))
            while todo:
                cancel.raise_if_cancelled()
                number, step = todo.popleft()
                yield self._run(step, inputs)
                if todo and changes_catalog(step):
                    rest = self._compile(request, done=number + 1).compiled
                    todo = deque(zip(rest.statement_numbers, rest.statements, strict=True))
        except EvaluationError as error:
            raise _placed(error, lookup, request) from error

    def _watched(self, request: Request, cancel: CancellationToken) -> CompiledWatch:
        """As the present catalog has it."""
        lookup = self._compile(request)
        watches = [step for step in lookup.compiled.statements if isinstance(step, PreparedWatch)]
        if not watches or len(lookup.compiled.statements) > 1:
            raise InvalidValue(
                "a watch is asked for by a text that holds one, behind its definitions, and nothing else",
                "watch from ...; other statements are run by a query before it",
            )
        inputs = _inputs(request, lookup, cancel, self._clock())
        return CompiledWatch(
            watches[0].statement, watches[0].plan, inputs, lambda error: _placed(error, lookup, request)
        )

    def _run(self, step: PreparedStatement, inputs: ExecutionInputs) -> Answer:
        if isinstance(step, PreparedQuery):
            return step.plan.execute(inputs)
        if isinstance(step, PreparedTransaction):
            return self._transactor.execute(step, inputs)
        if isinstance(step, PreparedDryrun):
            return self._transactor.dryrun(step.transaction, inputs)
        if isinstance(step, BoundCreateCollection):
            return self._transactor.create_collection(step.collection, self._vectors.embedder)
        assert not isinstance(step, PreparedWatch)
        return self._commands.execute(step, inputs)


def _refuse_watches(lookup: CompiledRequest, request: Request) -> None:
    """Raises QueryError where there is one: it has no answer."""
    for step in lookup.compiled.statements:
        if isinstance(step, PreparedWatch):
            span = remap_span(step.statement.span, lookup.compiled.source, lookup.canonical.source)
            found = make_diagnostic("PQ0625", span, ask=_ASK)
            raise query_error((found,), SourceText(request.text, request.source_name))


def _refuse_writes(lookup: CompiledRequest) -> None:
    """Raises ReadOnly, naming the first statement that writes."""
    for step in lookup.compiled.statements:
        if word := mutating_keyword(step):
            raise ReadOnly(f"{word} writes, and this request may only read", "ask with leave to write, or use dryrun")


def _check_moment(request: Request) -> None:
    """Raises InvalidValue where a request names a time zone that is none, or a moment that no time can hold."""
    if find_zone(request.zone) is None:
        meant = similar_zones(request.zone)
        hint = f"did you mean {' or '.join(meant)}?" if meant else "zones are named as in Europe/Oslo or UTC"
        raise InvalidValue(f"there is no time zone {request.zone:.80}", hint)
    if request.now_us is not None and not TIMES_US[0] <= request.now_us <= TIMES_US[1]:
        raise InvalidValue(f"now is {request.now_us} microseconds from 1970, and years go from 1 to 9999")


def _known(catalog: Catalog, name: str) -> Any:
    if name not in catalog.collections:
        raise InvalidValue(f"there is no collection {name}", f"there is {', '.join(catalog.collections) or 'none yet'}")
    return catalog.collections[name]


def _without_values(collection: Collection, field: str) -> InvalidValue:
    having = [f.name for f in collection.fields if (f.type.item or f.type).kind in {TypeKind.KEYWORD, TypeKind.LINK}]
    meant = similar_names(field, having)
    hint = f"did you mean {' or '.join(meant)}?" if meant else f"such are {', '.join(having)}"
    return InvalidValue(f"{collection.name}.{field} is no field of keywords or links", hint)


def _inputs(request: Request, lookup: CompiledRequest, cancel: CancellationToken, now_us: int) -> ExecutionInputs:
    """One `now` for the whole text; the parameters with the defaults of those that were not given, in JSON as clients give
    them. Raises InvalidValue for a parameter that the text has not."""
    asked = lookup.compiled.free_parameters
    for name in request.params:
        if name not in asked:
            known = ", ".join(f"${a}" for a in sorted(asked)) or "none"
            raise InvalidValue(f"the text has no parameter ${name}", f"its parameters are: {known}")
    given = dict(request.params)
    values = constant_context(lookup.literals, {}, now_us)
    for name, declared in lookup.compiled.parameters.items():
        if name not in given and declared.default is not None:
            given[name] = encode(evaluate_scalar(declared.default, values), declared.type)
    return ExecutionInputs(lookup.literals, given, now_us, request.budget, cancel, lookup.plan_key, lookup.cache_hit)


def _placed(error: EvaluationError, lookup: CompiledRequest, request: Request) -> QueryError:
    """A kernel's error as one of the request's text, in which the plan may stand elsewhere than in its first text."""
    span = remap_span(error.span, lookup.compiled.source, lookup.canonical.source)
    found = make_diagnostic(error.code, span, candidates=error.candidates, **error.words)
    return query_error((found,), SourceText(request.text, request.source_name))


def _manifest_json(manifest: snapshots.Manifest) -> dict[str, Any]:
    shown = ("name", "created", "seq", "collections", "page_count", "page_bytes", "new_bytes", "digest", "parent")
    return {name: getattr(manifest, name) for name in shown}
