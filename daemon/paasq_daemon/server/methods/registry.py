"""The registry of RPC methods: each declared in one place, beside the function that runs it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, TypeAlias

from paasq_daemon.server.executor import run_in
from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.errors import PaasqError
from paasq_daemon.wire.json_schema import Schema
from paasq_daemon.wire.param_readers import Param

WorkHandler: TypeAlias = Callable[[RpcCall], Any]  # -> the result, for JSON
LoopHandler: TypeAlias = Callable[[RpcCall], Awaitable[bytes]]  # -> JSON of the result


class Lane(StrEnum):
    """Where a method runs, so that no kind of work waits for another."""

    CONNECTION = "connection"  # the event loop: answered at once, however much work waits
    QUERY = "query"  # the executor: a thread a core, first come, first served
    SHORT = "short"  # threads that mostly wait for the disk
    LONG = "long"  # two threads, for work of seconds or minutes
    WATCH = "watch"  # begun in a short thread; its events come from the one thread of all watches


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that a method has pushed on its connection, after its answer; `params` is JSON Schema."""

    name: str
    doc: str
    params: Schema


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the daemon. `subject` is the module that it is in. `errors` are those beyond the ones that any request
    may give. `example` has parameters that work on the samples of an assistant."""

    name: str
    subject: str
    doc: str
    params: tuple[Param, ...]
    result: Schema
    right: Right
    lane: Lane
    errors: tuple[type[PaasqError], ...]
    events: tuple[Notification, ...]
    example: Mapping[str, Any]
    run: LoopHandler


METHODS: dict[str, Method] = {}


def loop_method(
    name: str, *params: Param, result: Schema, right: Right, errors: Sequence[type[PaasqError]] = (),
    example: Mapping[str, Any], lane: Lane = Lane.CONNECTION, events: Sequence[Notification] = (),
) -> Callable[[LoopHandler], LoopHandler]:  # fmt: skip
    """Register the decorated coroutine function, which runs in the event loop and never blocks it. Its docstring is the
    method's."""

    def register(run: LoopHandler) -> LoopHandler:
        METHODS[name] = Method(
            name, _subject(run), _doc(run), params, result, right, lane, tuple(errors), tuple(events), example, run
        )
        return run

    return register


def work_method(
    name: str, *params: Param, result: Schema, right: Right, errors: Sequence[type[PaasqError]] = (),
    example: Mapping[str, Any], lane: Lane = Lane.SHORT,
) -> Callable[[WorkHandler], WorkHandler]:  # fmt: skip
    """Register the decorated function, which runs in a thread and may block; `lane` is SHORT or LONG. Its docstring is the
    method's."""

    def register(work: WorkHandler) -> WorkHandler:
        @wraps(work)
        async def run(call: RpcCall) -> bytes:
            pool = call.server.long_pool if lane is Lane.LONG else call.server.short_pool
            # A large result is made JSON in the thread too, so that it holds up nobody.
            return await run_in(pool, lambda: call.encode(work(call)), call.cancellation)

        loop_method(name, *params, result=result, right=right, errors=errors, example=example, lane=lane)(run)
        return work

    return register


def _subject(handler: Callable[..., Any]) -> str:
    return handler.__module__.rpartition(".")[2]


def _doc(handler: Callable[..., Any]) -> str:
    doc = inspect.getdoc(handler)
    assert doc, f"{handler.__name__} has no docstring"
    return " ".join(doc.split())
