"""Writes of a text or of a client, each all or nothing, acknowledged when durable."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from paasq_daemon.backends.base import RunInputs
from paasq_daemon.compiler import PreparedTransaction
from paasq_daemon.embed.provider import Embedder
from paasq_daemon.store.record import Record
from paasq_daemon.store.store import Store
from paasq_daemon.store.transaction import WriteTransaction
from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.wire.messages import Answer, ColumnInfo, PutResult
from paasq_daemon.writes.apply import Written, apply_write, values_of_run
from paasq_daemon.writes.records import put_record
from paasq_daemon.writes.schema import create_collection
from paasq_daemon.writes.values import record_from_json
from paasq_daemon.writes.vectors import Vectors
from paasq_dsl.catalog import Collection

KEYS_SHOWN_MAX = 1_000  # of the keys that a write names in its answer
RECORDS_MAX = 10_000  # of one put, so that no client holds the writer for long

_COLUMNS = (
    ColumnInfo("write", "keyword"),
    ColumnInfo("collection", "keyword"),
    ColumnInfo("records", "int"),
    ColumnInfo("keys", "[keyword]"),
)


@dataclass(frozen=True)
class Transactor:
    """Small writes return when their vectors are made too, so that a client's next near sees what it wrote."""

    store: Store
    vectors: Vectors

    def transact(self, transaction: PreparedTransaction, inputs: RunInputs) -> Answer:
        """All writes or none, one row for each. Raises ConflictError where an expect does not hold."""
        values = values_of_run(inputs.literals, inputs.parameters, inputs.now_us)
        chosen = [w.chooser.keys(inputs) if w.chooser else None for w in transaction.writes]

        def work(open_transaction: WriteTransaction) -> list[Written]:
            return [
                apply_write(open_transaction, prepared.write, values, rows)
                for prepared, rows in zip(transaction.writes, chosen, strict=True)
            ]

        committed = self.store.write(work).result()
        fresh = [record for written in committed.value for record in written.fresh]
        seq = self._with_vectors(fresh, committed.seq)
        rows = [[w.what, w.collection, len(w.keys), list(w.keys[:KEYS_SHOWN_MAX])] for w in committed.value]
        return Answer(_COLUMNS, rows, seq=seq)

    def put_json(self, collection: Collection, records: list[dict[str, Any]]) -> PutResult:
        """Raises InvalidValue naming the record by its place, from 1."""
        if len(records) > RECORDS_MAX:
            raise InvalidValue(
                f"{len(records):,} records are more than one put takes", f"put {RECORDS_MAX:,} at a time"
            )
        checked: list[dict[str, Any]] = []
        for place, record in enumerate(records, 1):
            try:
                checked.append(record_from_json(collection, record))
            except InvalidValue as error:
                raise InvalidValue(f"record {place}: {error.message}", error.hint) from None

        def work(transaction: WriteTransaction) -> list[Record]:
            return [put_record(transaction, collection, record) for record in checked]

        committed = self.store.write(work).result()
        seq = self._with_vectors(committed.value, committed.seq)
        return PutResult(tuple(record.key for record in committed.value), seq)

    def create(self, collection: Collection, embedder: Embedder) -> Answer:
        """Declare a collection; one that exists with the same fields is left as it is."""
        committed = self.store.write(partial(create_collection, collection=collection, embedder=embedder)).result()
        columns = (ColumnInfo("collection", "keyword"), ColumnInfo("created", "bool"))
        return Answer(columns, [[collection.name, committed.value]], seq=committed.seq)

    def _with_vectors(self, fresh: list[Record], seq: int) -> int:
        filled = self.vectors.fill_fresh(fresh)
        return seq if filled is None else filled
