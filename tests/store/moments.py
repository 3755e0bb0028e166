"""Random histories of a store, and what it held after each transaction."""

from __future__ import annotations

import random
from typing import Any

from paasq_daemon.store.content_digest import logical_digest
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.types import KEYWORD
from paasq_dsl.values import Value

KEYS = [f"k{n}" for n in range(12)]
GIVEN, MADE, ADDED = 2, 3, 4  # fields of vectors: given by the client, made of text, added later


def holds(view: ReadView) -> dict[str, Any]:
    """Everything that can be read of a store, by parts."""
    found: dict[str, Any] = {"seq": view.seq, "time_us": view.state.time_us, "catalog": view.catalog}
    for collection_id in (1, 2):
        records = list(view.scan(collection_id))
        ordinals = [record.ordinal for record in records]
        found[f"records {collection_id}"] = records
        for field_id in (GIVEN, MADE, ADDED):
            found[f"vectors {collection_id} {field_id}"] = list(view.vectors(collection_id, field_id, ordinals))
            found[f"pending {collection_id} {field_id}"] = view.pending_vectors(collection_id, field_id, 10_000)
    found["journal"] = list(view.journal(view.journal_start - 1))
    found["digest"] = logical_digest(view)
    return found


class History:
    """Writes to a store at random, and records what it held at each sequence number."""

    def __init__(self, store: Store, seed: int, *, anew: bool = True) -> None:
        """Without `anew` no vector is made a second time."""
        self.held: dict[int, dict[str, Any]] = {}
        self._store = store
        self._random = random.Random(seed)
        self._anew = anew
        self.record()

    def record(self) -> None:
        """Record what the store holds now."""
        with self._store.read() as view:
            self.held[view.seq] = holds(view)

    def write(self, transactions: int) -> None:
        """Write so many transactions of one to five changes."""
        for _ in range(transactions):
            self._store.write(self._work).result()
            self.record()

    def _work(self, transaction: WriteTransaction) -> None:
        for _ in range(self._random.randint(1, 5)):
            self._random.choice([self._put, self._put, self._put, self._delete, self._make, self._mark, self._declare])(
                transaction
            )

    def _put(self, transaction: WriteTransaction) -> None:
        vectors = {GIVEN: self._vector(), MADE: self._random.choice([None, None, self._vector()])}
        fields: dict[int, Value] = {
            1: self._random.randbytes(20).hex(),
            5: [1.5, None, "x"],
            6: self._random.randint(-5, 2**60),
        }
        transaction.put(self._collection(), self._random.choice(KEYS), fields, vectors if fields[6] else {})

    def _delete(self, transaction: WriteTransaction) -> None:
        transaction.delete(self._collection(), self._random.choice(KEYS))

    def _make(self, transaction: WriteTransaction) -> None:
        for field_id in (MADE, ADDED):
            of = self._collection()
            for ordinal in transaction.pending_vectors(of, field_id, 3):
                transaction.put_vector(of, field_id, ordinal, self._vector())

    def _mark(self, transaction: WriteTransaction) -> None:
        of, field_id = self._collection(), self._random.choice([MADE, ADDED])
        for record in list(transaction.scan(of))[:3]:
            there = next(iter(transaction.vectors(of, field_id, [record.ordinal])))
            if self._anew or (there is None and field_id == ADDED):
                transaction.mark_vector_pending(of, field_id, record.ordinal)

    def _declare(self, transaction: WriteTransaction) -> None:
        present: Catalog = transaction.catalog
        field = Field(present.version + 10, f"f{present.version}", KEYWORD)
        transaction.set_catalog(present.with_collection(Collection(1, "note", (Field(1, "id", KEYWORD), field), "id")))

    def _collection(self) -> int:
        return self._random.choice([1, 1, 2])

    def _vector(self) -> bytes:
        return self._random.randbytes(8)
