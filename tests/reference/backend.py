"""The reference as a backend: it implements the same interface as the embedded engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paasq_daemon.backends.backend import ExecutionInputs, KeyedResult, check_capabilities
from paasq_daemon.operators.capability import Capability
from paasq_daemon.wire.answer import Answer, ColumnInfo
from paasq_daemon.wire.events import Key
from paasq_daemon.wire.value_codecs import encode
from paasq_dsl.bound import BoundQuery, RowIdentity, Schema
from paasq_dsl.bound.traversal import stage_expressions, subqueries, walk_stages
from paasq_dsl.types import Type, TypeKind
from reference.records import Records, Row
from reference.shaping import PLACES
from reference.stages import Running
from reference.values import Evaluator

ROWS_MAX = 10_000
CAPABILITIES = frozenset(Capability) - {Capability.ANALYZE, Capability.PASSAGES, Capability.LIKE}


def gathered(row: Row, name: str, type_: Type) -> Any:
    """An object from its members; null where it has nothing."""
    if type_.kind is not TypeKind.OBJECT:
        return row[name]
    found = {member: gathered(row, f"{name}.{member}", inner) for member, inner in type_.members}
    return None if all(value is None for value in found.values()) else found


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

    def execute(self, inputs: ExecutionInputs) -> Answer:
        """Raises Refused where the engine must answer with an error, and Undecided where scores are too close."""
        running = Running(Evaluator(self.records, inputs))
        rows = self._rows(running)
        most = ROWS_MAX if inputs.budget.rows is None else inputs.budget.rows
        if len(rows) > most:
            running.cursor = str(most)
        shown = self.query.schema.result_types
        return Answer(
            columns=tuple(ColumnInfo(name, str(type_)) for name, type_ in shown.items()),
            rows=[[gathered(row, name, type_) for name, type_ in shown.items()] for row in rows[:most]],
            complete=running.cursor is None,
            reason=None if running.cursor is None else "limit" if inputs.budget.rows is None else "rows",
            cursor=running.cursor,
            seq=self.records.seq,
            facets=running.facets,
        )

    def time_ms_max(self, inputs: ExecutionInputs) -> float | None:
        return inputs.budget.time_ms

    def row_versions(self, inputs: ExecutionInputs) -> list[tuple[str, int]]:
        return [(row["_key"], row["_version"]) for row in self._rows(Running(Evaluator(self.records, inputs)))]

    def keyed_result(
        self, inputs: ExecutionInputs, identity: RowIdentity, rows_max: int, seq: int | None
    ) -> KeyedResult:
        assert seq is None, "it has no past"
        rows = self._rows(Running(Evaluator(self.records, inputs)))
        assert len(rows) <= rows_max
        shown = self.query.schema.visible_columns
        by_key = {self._key(row, identity): [row[c.name] for c in shown] for row in rows}
        assert len(by_key) == len(rows), "two rows are not told apart"
        return KeyedResult(
            tuple(ColumnInfo(c.name, str(c.type)) for c in shown), by_key, self.records.seq, inputs.now_us
        )

    def _key(self, row: Row, identity: RowIdentity) -> Key:
        places = row.get(PLACES, ())
        places = places[len(places) - identity.places :]
        if identity.columns is None:
            return (row["_key"], *places) if places else str(row["_key"])
        types = {c.name: c.type for c in self.query.schema.columns}
        return (*(encode(row[name], types[name]) for name in identity.columns), *places)

    def fingerprint(self, inputs: ExecutionInputs) -> str:
        return repr((self.query, inputs.literals, dict(inputs.parameters)))

    def _rows(self, running: Running) -> list[Row]:
        """Pipelines in expressions are run whether or not a row asks for them, at the moment that the first stage names."""
        first, *rest = self.query.stages
        rows = running.run((first,), [], Schema(()))
        for stage in walk_stages(self.query.stages):
            for value in (value for expression in stage_expressions(stage) for value in subqueries(expression)):
                running.listed(value)
        return running.run(tuple(rest), rows, first.schema)
