"""What Prometheus scrapes: counts of requests, and what the daemon and its store say of themselves."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from paasq_daemon.server.request_log import LATENCY_BOUNDS_S, OK, RequestLog
from paasq_daemon.workers.activity import ExecutorActivity

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric


def metrics_text(requests: RequestLog, executor: ExecutorActivity, status: Mapping[str, Any]) -> str:
    """In the text format of Prometheus. `status` is the store's report."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415  # 0.1 s that few daemons need
    from prometheus_client.registry import Collector  # noqa: PLC0415  # as above

    class _All(Collector):
        def collect(self) -> Iterable[Metric]:
            yield from _of_requests(requests)
            yield from _of_daemon(requests, executor)
            yield from _of_store(status)

    registry = CollectorRegistry()
    registry.register(_All())
    return generate_latest(registry).decode()


def _of_requests(requests: RequestLog) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily  # noqa: PLC0415  # as above

    ended = CounterMetricFamily(
        "paasq_requests", f"Requests that have ended; outcome is {OK}, the code of an error, or failed.",
        labels=["method", "outcome"],
    )  # fmt: skip
    for (method, outcome), count in sorted(requests.outcomes.items()):
        ended.add_metric([method, outcome], count)
    yield ended
    taken = HistogramMetricFamily("paasq_request_seconds", "From request to answer.", labels=["method"])
    bounds = [*(f"{bound:g}" for bound in LATENCY_BOUNDS_S), "+Inf"]
    for method, latency in sorted(requests.latencies.items()):
        cumulated = itertools.accumulate(latency.counts)
        taken.add_metric([method], list(zip(bounds, cumulated, strict=True)), latency.sum_s)
    yield taken


def _of_daemon(requests: RequestLog, executor: ExecutorActivity) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415  # as above

    yield GaugeMetricFamily("paasq_uptime_seconds", "Since the start.", time.monotonic() - requests.began_s)
    yield GaugeMetricFamily("paasq_connections", "Connections that are open.", requests.connections)
    yield GaugeMetricFamily("paasq_requests_running", "Requests under way.", len(requests.running))
    yield GaugeMetricFamily("paasq_workers", "Processes that run texts.", len(executor.workers))
    busy = sum(each.task is not None for each in executor.workers)
    yield GaugeMetricFamily("paasq_workers_busy", "Of these, with a task.", busy)
    memory = sum(each.memory_bytes for each in executor.workers)
    yield GaugeMetricFamily("paasq_workers_memory_bytes", "Memory that is the workers' alone.", memory)
    yield GaugeMetricFamily("paasq_queue_length", "Tasks that wait for a worker.", executor.waiting)
    yield CounterMetricFamily("paasq_worker_restarts", "Workers that were replaced.", executor.restarts)


def _of_store(status: Mapping[str, Any]) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415  # as above

    yield GaugeMetricFamily("paasq_healthy", "1 where nothing is wrong.", int(status["health"]["ok"]))
    yield GaugeMetricFamily(
        "paasq_writes_taken", "1 where the disk took the last write.", int(status["health"]["writes"]["taken"])
    )
    yield GaugeMetricFamily("paasq_sequence_number", "Of the last write; its rate is that of writes.", status["seq"])
    size = GaugeMetricFamily("paasq_disk_bytes", "Bytes on disk by part.", labels=["part"])
    disk = status["disk"]
    for part, parts in disk.items():
        if isinstance(parts, Mapping):
            size.add_metric([part], parts["bytes"])
    yield size
    yield GaugeMetricFamily("paasq_disk_reclaimable_bytes", "What a compaction gives back.", disk["reclaimable"])
    records = GaugeMetricFamily("paasq_records", "Records by collection.", labels=["collection"])
    pending = GaugeMetricFamily("paasq_pending_vectors", "Vectors still to be made.", labels=["collection"])
    for name, counts in status["collections"].items():
        records.add_metric([name], counts["records"])
        pending.add_metric([name], counts["pending_vectors"])
    yield records
    yield pending
    if status["snapshots"]["age_s"] is not None:
        yield GaugeMetricFamily("paasq_snapshot_age_seconds", "Since the last snapshot.", status["snapshots"]["age_s"])
