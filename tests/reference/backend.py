"""The reference as a backend: it stands behind the same boundary as the embedded engine."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.backends.base import Capability, RunInputs, check_capabilities
from paasq_daemon.wire.messages import Answer, ColumnInfo
from paasq_dsl.bound import BoundQuery, Schema
from reference.records import Records, Row
from reference.stages import Running
from reference.values import Evaluator

ROWS_MAX = 10_000
CAPABILITIES = frozenset(Capability) - {Capability.ANALYZE, Capability.PASSAGES, Capability.LIKE}


@dataclass(frozen=True)
class ReferenceBackend:
    records: Records
    capabilities: frozenset[Capability] = CAPABILITIES
    name: str = "reference"

    def prepare(self, query: BoundQuery) -> ReferencePlan:
        check_capabilities(self, query)
        return ReferencePlan(self.records, query)


@dataclass(frozen=True)
class ReferencePlan:
    records: Records
    query: BoundQuery

    def run(self, inputs: RunInputs) -> Answer:
        """Raises Refused where the engine must answer with an error, and Undecided where scores are too close."""
        running = Running(Evaluator(self.records, inputs))
        rows = self._rows(running)
        most = ROWS_MAX if inputs.budget.rows is None else inputs.budget.rows
        if len(rows) > most:
            running.cursor = str(most)
        shown = self.query.schema.visible
        return Answer(
            columns=tuple(ColumnInfo(c.name, str(c.type)) for c in shown),
            rows=[[row[c.name] for c in shown] for row in rows[:most]],
            complete=running.cursor is None,
            reason=None if running.cursor is None else "limit" if inputs.budget.rows is None else "rows",
            cursor=running.cursor,
            seq=self.records.seq,
            facets=running.facets,
        )

    def keys(self, inputs: RunInputs) -> list[tuple[str, int]]:
        return [(row["_key"], row["_version"]) for row in self._rows(Running(Evaluator(self.records, inputs)))]

    def _rows(self, running: Running) -> list[Row]:
        return running.run(self.query.stages, [], Schema(()))
