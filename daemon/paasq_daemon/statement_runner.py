"""Running the statements that are no queries: writes, definitions, commands, forgets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.commands.dispatch import run_command
from paasq_daemon.commands.runner import CommandServices
from paasq_daemon.compiler import PreparedDryrun, PreparedForget, PreparedTransaction, reads_index
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.index.readable_indexes import ReadableIndexes
from paasq_daemon.services.forgetting import ForgetService
from paasq_daemon.wire.answer import Answer
from paasq_daemon.writes.catalog_retry import CatalogChanged
from paasq_daemon.writes.transactor import Transactor
from paasq_dsl.bound import BoundCommand, BoundCreateCollection

Runnable: TypeAlias = PreparedTransaction | PreparedDryrun | PreparedForget | BoundCreateCollection | BoundCommand


class StatementRunner(Protocol):
    """Runs what is no query, in this process or in the one that writes the store. May be called from any thread."""

    def run(self, step: Runnable, inputs: ExecutionInputs, catalog_version: int) -> Answer:
        """The answer, when what was written is durable. Raises CatalogChanged where the catalog is not of that version, and
        that matters; EvaluationError where a value cannot be computed with; other PaasqErrors."""
        ...


@dataclass(frozen=True)
class LocalStatementRunner:
    """In the process that writes the store."""

    transactor: Transactor
    commands: CommandServices
    forgetting: ForgetService

    def run(self, step: Runnable, inputs: ExecutionInputs, catalog_version: int) -> Answer:
        """As StatementRunner has it; `inputs` have a view where the statement reads one."""
        if isinstance(step, PreparedTransaction):
            return self.transactor.execute(step, inputs, catalog_version)
        if isinstance(step, PreparedDryrun):
            return self.transactor.dryrun(step.transaction, inputs, catalog_version)
        if isinstance(step, PreparedForget):
            forget = self.forgetting.preview if step.dryrun else self.forgetting.run
            return forget(step, inputs, catalog_version)
        if isinstance(step, BoundCreateCollection):
            return self.transactor.create_collection(step.collection)
        return run_command(self.commands, step, inputs)

    def run_on_new_view(
        self, indexes: ReadableIndexes, step: Runnable, inputs: ExecutionInputs, catalog_version: int
    ) -> Answer:
        """The same for a statement that another process has compiled: its view is opened here."""
        if not reads_index(step):
            return self.run(step, inputs, catalog_version)

        def attempt(view: IndexView) -> Answer:
            if view.catalog.version != catalog_version:
                raise CatalogChanged(
                    "the catalog is another one than the text was compiled against", "compile it again"
                )
            return self.run(step, replace(inputs, view=view), catalog_version)

        return indexes.run(attempt, inputs.cancellation.raise_if_cancelled)
