"""Methods for those who run the daemon."""

from __future__ import annotations

import os
import time
from typing import Any

from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.methods.registry import loop_method, work_method
from paasq_daemon.server.metrics import metrics_text
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.json_schema import INTEGER, NUMBER, TEXT, described, list_of, nullable, object_of
from paasq_daemon.workers.activity import private_bytes

_PLAN = described(nullable(TEXT), "the key of its plan: the same for a text with any literals, none of which is in it")
_WORKER = object_of(
    {
        "pid": INTEGER,
        "method": described(nullable(TEXT), "null where it waits for a task"),
        "plan": _PLAN,
        "elapsed_ms": nullable(NUMBER),
        "memory_bytes": described(INTEGER, "that it shares with no other process"),
    },
    title="Worker",
)
_RUNNING = object_of(
    {
        "method": TEXT,
        "connection": described(INTEGER, "its number, counted from the start of the daemon"),
        "elapsed_ms": NUMBER,
        "plan": _PLAN,
    },
    title="RunningRequest",
)


@loop_method(
    "activity",
    right=Right.READ,
    result=object_of(
        {
            "pid": INTEGER,
            "uptime_s": NUMBER,
            "memory_bytes": described(INTEGER, "of the daemon's own process, shared with no other"),
            "connections": INTEGER,
            "waiting": described(INTEGER, "tasks that wait for a worker"),
            "restarts": described(INTEGER, "workers that were replaced"),
            "requests": described(INTEGER, "that have ended"),
            "errors": described(INTEGER, "that have ended with one"),
            "latency_ms": described(
                object_of({"p50": nullable(NUMBER), "p99": nullable(NUMBER)}), "of the last thousand requests"
            ),
            "workers": list_of(_WORKER),
            "running": described(list_of(_RUNNING), "requests under way, the oldest first"),
        }
    ),
    example={},
)
async def _activity(call: RpcCall) -> bytes:
    """What the daemon does now, answered at once: its workers, and the requests under way, never the text of one."""
    return call.encode(activity(call))


def activity(call: RpcCall) -> dict[str, Any]:
    """JSON, as the method's result says."""
    executor, requests, now_s = call.server.executor.activity(), call.server.requests, time.monotonic()
    running = dict(requests.running)
    plans = {worker.task: worker.plan for worker in executor.workers if worker.task is not None}

    def elapsed_ms(began_s: float) -> float:
        return round((now_s - began_s) * 1000, 1)

    workers = []
    for worker in executor.workers:
        request = None if worker.task is None else running.get(worker.task)
        workers.append(
            {
                "pid": worker.pid,
                "method": request.method if request else None if worker.task is None else "watch",
                "plan": worker.plan,
                "elapsed_ms": elapsed_ms(request.began_s) if request else None,
                "memory_bytes": worker.memory_bytes,
            }
        )
    return {
        "pid": os.getpid(),
        "uptime_s": round(now_s - requests.began_s, 1),
        "memory_bytes": private_bytes(os.getpid()),
        "connections": requests.connections,
        "waiting": executor.waiting,
        "restarts": executor.restarts,
        "requests": requests.outcomes.total(),
        "errors": requests.errors,
        "latency_ms": requests.recent_ms(),
        "workers": workers,
        "running": [
            {
                "method": each.method,
                "connection": each.connection,
                "elapsed_ms": elapsed_ms(each.began_s),
                "plan": plans.get(token),
            }
            for token, each in running.items()
        ],
    }


@work_method(
    "metrics",
    right=Right.READ,
    result=object_of({"text": described(TEXT, "in the text format of Prometheus, version 0.0.4")}),
    example={},
)
def _metrics(call: RpcCall) -> dict[str, Any]:
    """Counts and sizes for Prometheus: requests, workers, bytes on disk, writes, snapshots, pending vectors."""
    return {"text": metrics_text(call.server.requests, call.server.executor.activity(), call.instance.status.report())}
