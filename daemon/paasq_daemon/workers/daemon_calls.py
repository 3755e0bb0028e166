"""What workers have the daemon do: run statements that write, embed, bring indexes up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.instance import Instance
from paasq_daemon.statement_runner import Runnable
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.workers.messages import Call, Reply
from paasq_daemon.writes.decided_writes import DecidedWrites
from paasq_daemon.writes.serializable_write import Decision
from paasq_dsl.catalog import Collection, Field


class DaemonCalls:
    """The calls of `DaemonLink`, by name. Thread-safe."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._by_name: Mapping[str, Callable[..., Any]] = {
            "run_statement": self._run_statement,
            "write_decided": self._write_decided,
            "embed_query": self._embed_query,
            "publish_columns": self._publish_columns,
            "publish_text": self._publish_text,
        }

    def perform(self, call: Call, cancellation: CancellationToken) -> Reply:
        """What the call returned or raised. It ends early where the request does, but for a write that has begun."""
        try:
            return Reply(self._by_name[call.name](cancellation, *call.arguments))
        except Exception as error:  # noqa: BLE001  # the worker tells it
            return Reply(error=error)

    def _run_statement(
        self, cancellation: CancellationToken, step: Runnable, inputs: ExecutionInputs, catalog_version: int
    ) -> Answer:
        runner, indexes = self._instance.statements, self._instance.indexes
        return runner.run_on_new_view(indexes, step, replace(inputs, cancellation=cancellation), catalog_version)

    def _write_decided(
        self, cancellation: CancellationToken, decision: Decision[DecidedWrites], dryrun: bool
    ) -> Answer:
        cancellation.raise_if_cancelled()
        transactor = self._instance.statements.transactor
        return transactor.dryrun_decided(decision) if dryrun else transactor.execute_decided(decision)

    def _embed_query(
        self, cancellation: CancellationToken, collection: Collection, field: Field, text: str
    ) -> NDArray[np.float32]:
        cancellation.raise_if_cancelled()
        return self._instance.vectors.embed_query(collection, field, text)

    def _publish_columns(self, cancellation: CancellationToken) -> None:
        self._instance.indexes.publish_columns(cancellation.raise_if_cancelled)

    def _publish_text(self, cancellation: CancellationToken, collection_id: int) -> None:
        self._instance.indexes.publish_text(collection_id, cancellation.raise_if_cancelled)
