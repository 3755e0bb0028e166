"""The daemon's methods: one table of names, parameters and what they do. `cancel` alone is about its connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from paasq_daemon.instance import Instance
from paasq_daemon.server.connection_watches import ConnectionWatches
from paasq_daemon.server.executor import Executor, run_in
from paasq_daemon.server.limits import QUERY_TEXT_CHARS_MAX, VALUES_MAX
from paasq_daemon.server.param_readers import (
    Param,
    boolean,
    budget,
    integer,
    json_object,
    optional,
    positive,
    records,
    request_id,
    text,
    text_map,
    text_up_to,
    texts,
    timestamp,
)
from paasq_daemon.services.snapshots import snapshot_to_json, verification_to_json
from paasq_daemon.snapshot.create import CreateOptions
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.catalog_messages import encode_catalog, encode_record
from paasq_daemon.wire.errors import SnapshotError
from paasq_daemon.wire.json_rpc import dump_bounded
from paasq_daemon.wire.request import Budget, Request
from paasq_dsl.time_zones import DEFAULT_ZONE

_SHORT_THREADS = 32  # puts wait for the disk and are committed together: many of them cost little
_LONG_THREADS = 2
_ROWS_ENCODED_INLINE_MAX = 100  # about a millisecond


@dataclass(frozen=True)
class ServerContext:
    """What all connections share. Queries run in the executor; short and long work have threads of their own."""

    instance: Instance
    executor: Executor
    answer_bytes_max: int
    short_pool: ThreadPoolExecutor
    long_pool: ThreadPoolExecutor
    watch_pool: ThreadPoolExecutor  # one thread for all watches, so that they never keep queries from running

    @classmethod
    def of(cls, instance: Instance, executor: Executor, answer_bytes_max: int) -> ServerContext:
        """The context of a server, with thread pools of its own."""
        short = ThreadPoolExecutor(_SHORT_THREADS, thread_name_prefix="paasq-short")
        long = ThreadPoolExecutor(_LONG_THREADS, thread_name_prefix="paasq-long")
        watching = ThreadPoolExecutor(1, thread_name_prefix="paasq-watching")
        return cls(instance, executor, answer_bytes_max, short, long, watching)

    def close(self) -> None:
        """Take no more; what runs goes on."""
        self.executor.close()
        self.short_pool.shutdown(wait=False, cancel_futures=True)
        self.long_pool.shutdown(wait=False, cancel_futures=True)
        self.watch_pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class RpcCall:
    """One request: its parameters as read, its token, `cancel`, which reaches the connection's other requests, and the
    watches of the connection."""

    server: ServerContext
    params: dict[str, Any]
    cancellation: CancellationToken
    cancel: Callable[[str | int], bool]
    watches: ConnectionWatches

    def encode(self, result: Any) -> bytes:
        """The result as JSON. Raises LimitExceeded where it is larger than a frame may be."""
        return dump_bounded(result, self.server.answer_bytes_max)

    async def short(self, work: Callable[[Instance], Any]) -> bytes:
        """JSON of what `work` returns; made in a thread too, so that a large one holds up nobody."""
        return await self._in(self.server.short_pool, work)

    async def long(self, work: Callable[[Instance], Any]) -> bytes:
        """As `short`, for work of seconds or minutes: in a pool of its own."""
        return await self._in(self.server.long_pool, work)

    async def _in(self, pool: ThreadPoolExecutor, work: Callable[[Instance], Any]) -> bytes:
        return await run_in(pool, lambda: self.encode(work(self.server.instance)), self.cancellation)


MethodHandler: TypeAlias = Callable[[RpcCall], Awaitable[bytes]]  # -> JSON of the result


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the daemon: its name, its parameters, and what runs it."""

    name: str
    params: tuple[Param, ...]
    run: MethodHandler


METHODS: dict[str, Method] = {}


def method(name: str, *params: Param) -> Callable[[MethodHandler], MethodHandler]:
    """Register the decorated handler as the method `name`."""

    def register(run: MethodHandler) -> MethodHandler:
        METHODS[name] = Method(name, params, run)
        return run

    return register


_QUERY_TEXT = Param("text", text_up_to(QUERY_TEXT_CHARS_MAX))
_QUERY_PARAMS = optional("params", json_object, {})
_SOURCE_NAME = optional("source_name", text, "<query>")
_READ_ONLY = optional("read_only", boolean, default=False)
_MODULES = optional("modules", text_map, {})
_ZONE = optional("zone", text, DEFAULT_ZONE)
_NOW = optional("now", timestamp)
_COLLECTION, _NAME = Param("collection", text), Param("name", text)


def _request(call: RpcCall) -> Request:
    limits = call.params.get("budget") or Budget()
    given = {name: call.params[name] for name in ("text", "params", "source_name", "read_only", "modules", "zone")}
    return Request(**given, now_us=call.params.get("now"), budget=limits)


@method(
    "query", _QUERY_TEXT, _QUERY_PARAMS, optional("budget", budget), _SOURCE_NAME, _READ_ONLY, _MODULES, _ZONE, _NOW
)
async def _query(call: RpcCall) -> bytes:
    answer: Answer = await call.server.executor.run(_request(call), call.cancellation)
    if len(answer) <= _ROWS_ENCODED_INLINE_MAX:
        return call.encode(answer.to_json())
    return await run_in(call.server.short_pool, lambda: call.encode(answer.to_json()), CancellationToken())


@method("watch", _QUERY_TEXT, _QUERY_PARAMS, _SOURCE_NAME, _READ_ONLY, _MODULES, _ZONE)
async def _watch(call: RpcCall) -> bytes:
    """Begins to push events; the answer names the watch, and goes out before the first of them."""
    request = _request(call)
    call.watches.check_limit()
    query = await run_in(call.server.short_pool, lambda: call.server.instance.engine.watch(request), call.cancellation)
    return call.encode({"watch": call.watches.begin(query, call.server.watch_pool)})


@method("unwatch", Param("watch", integer(1, 2**53)))
async def _unwatch(call: RpcCall) -> bytes:
    return call.encode({"ended": call.watches.end(call.params["watch"])})


@method("explain", _QUERY_TEXT, _QUERY_PARAMS, _SOURCE_NAME, _READ_ONLY, _MODULES, _ZONE, _NOW)
async def _explain(call: RpcCall) -> bytes:
    request = _request(call)
    return await call.short(lambda instance: instance.engine.explain(request).to_json())


@method("check", _QUERY_TEXT, _MODULES)
async def _check(call: RpcCall) -> bytes:
    return await call.short(lambda instance: instance.engine.check(call.params["text"], call.params["modules"]))


@method("get", _COLLECTION, Param("key", text))
async def _get(call: RpcCall) -> bytes:
    def work(instance: Instance) -> dict[str, Any] | None:
        record = instance.records.get(call.params["collection"], call.params["key"])
        return record and encode_record(record, instance.catalog.current().collections[call.params["collection"]])

    return await call.short(work)


@method("put", _COLLECTION, Param("records", records))
async def _put(call: RpcCall) -> bytes:
    def work(instance: Instance) -> dict[str, Any]:
        done = instance.records.put(call.params["collection"], call.params["records"])
        return {"keys": done.keys, "seq": done.seq}

    return await call.short(work)


@method("catalog")
async def _catalog(call: RpcCall) -> bytes:
    return await call.short(lambda instance: encode_catalog(instance.catalog.current()))


@method("status")
async def _status(call: RpcCall) -> bytes:
    return await call.short(lambda instance: instance.status.report())


@method(
    "values",
    _COLLECTION,
    Param("field", text),
    optional("prefix", text, ""),
    optional("limit", integer(1, VALUES_MAX), 20),
)
async def _values(call: RpcCall) -> bytes:
    def work(instance: Instance) -> list[dict[str, Any]]:
        return [{"value": value, "count": count} for value, count in instance.catalog.values(**call.params)]

    return await call.short(work)


@method(
    "embed",
    optional("seconds_max", positive),
    optional("collection", text),
    optional("replace", boolean, default=False),
)
async def _embed(call: RpcCall) -> bytes:
    def on_progress(*_: Any) -> None:
        call.cancellation.raise_if_cancelled()

    return await call.long(lambda instance: instance.embedding.run(**call.params, on_progress=on_progress))


@method(
    "snapshot.create",
    _NAME,
    optional("to", text),
    optional("labels", texts, ()),
    optional("damaged", boolean, default=False),
    optional("verify", boolean, default=True),
)
async def _snapshot_create(call: RpcCall) -> bytes:
    name, to, options = call.params["name"], call.params.get("to"), _create_options(call.params)
    if to is not None and "://" not in to and not Path(to).is_absolute():
        raise SnapshotError("params.to must be an absolute path or a URL", "the daemon's folder is not the client's")
    return await call.long(lambda instance: snapshot_to_json(instance.snapshots.create(name, options, to)))


def _create_options(params: dict[str, Any]) -> CreateOptions:
    return CreateOptions(tuple(params["labels"]), damaged=params["damaged"], verify=params["verify"])


@method("snapshot.list")
async def _snapshot_list(call: RpcCall) -> bytes:
    return await call.short(lambda instance: [snapshot_to_json(each) for each in instance.snapshots.list()])


@method("snapshot.verify", _NAME, optional("depth", integer(1, 3), 2))
async def _snapshot_verify(call: RpcCall) -> bytes:
    name, depth = call.params["name"], call.params["depth"]
    return await call.long(lambda instance: verification_to_json(instance.snapshots.verify(name, depth)))


@method("snapshot.delete", _NAME)
async def _snapshot_delete(call: RpcCall) -> bytes:
    return await call.long(lambda instance: instance.snapshots.delete(call.params["name"]))


@method("snapshot.restore", _NAME, Param("into", text))
async def _snapshot_restore(call: RpcCall) -> bytes:
    into = Path(call.params["into"])
    if not into.is_absolute():
        raise SnapshotError("params.into must be an absolute path", "the daemon's folder is not the client's")
    return await call.long(lambda instance: snapshot_to_json(instance.snapshots.restore(call.params["name"], into)))


@method("ping")
async def _ping(call: RpcCall) -> bytes:
    """Answered at once, however much work waits: the daemon lives, and what was asked of it is under way."""
    return call.encode({})


@method("cancel", Param("id", request_id))
async def _cancel(call: RpcCall) -> bytes:
    return call.encode({"cancelled": call.cancel(call.params["id"])})
