"""Statements of a worker that are no queries: writes are decided here, and done by the daemon; all else it does as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import PreparedDryrun, PreparedTransaction
from paasq_daemon.index.readable_indexes import ReadableIndexes
from paasq_daemon.statement_runner import Runnable
from paasq_daemon.wire.answer import Answer
from paasq_daemon.workers.daemon_link import DaemonLink
from paasq_daemon.writes.decided_writes import DecidedWrites, decide_writes, reads_first, writes_decider
from paasq_daemon.writes.serializable_write import OPTIMISTIC_ATTEMPTS, ChangedMeanwhile, Decision


@dataclass(frozen=True)
class ForwardedStatements:
    """A StatementRunner."""

    daemon: DaemonLink
    indexes: ReadableIndexes

    def run(self, step: Runnable, inputs: ExecutionInputs, catalog_version: int) -> Answer:
        """As StatementRunner has it. Where others write what a statement reads, again and again, the daemon decides it too,
        since it can hold up its writer."""
        if isinstance(step, PreparedTransaction | PreparedDryrun):
            is_dryrun = isinstance(step, PreparedDryrun)
            transaction = step.transaction if isinstance(step, PreparedDryrun) else step
            for _ in range(OPTIMISTIC_ATTEMPTS):
                try:
                    decision = self._decided(transaction, inputs, catalog_version)
                    return self.daemon.write_decided(decision, dryrun=is_dryrun)
                except ChangedMeanwhile:
                    continue
        return self.daemon.run_statement(step, inputs, catalog_version)

    def _decided(
        self, transaction: PreparedTransaction, inputs: ExecutionInputs, catalog_version: int
    ) -> Decision[DecidedWrites]:
        if not reads_first(transaction):
            return Decision.independent(decide_writes(transaction, inputs, None))
        decider = writes_decider(transaction, inputs, catalog_version)
        return decider.decided(self.indexes, inputs.cancellation.raise_if_cancelled)
