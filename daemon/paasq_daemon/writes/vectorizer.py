"""The vectors of vector(auto) fields, made right after a small write, and those of queries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.store.record import Record
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ModelMismatch, PaasqError
from paasq_daemon.writes.put_record import embedding_text
from paasq_dsl.catalog import Catalog, Collection, Field

INLINE_RECORDS_MAX = 16  # records of one write whose vectors are made before it returns; more are left pending
REMEMBERED_MAX, REMEMBERED_CHARS_MAX = 512, 1_000  # texts of queries whose vectors are kept: 1 MB or less

_log = logging.getLogger(__name__)

EmbeddingJob = tuple[Collection, Field, int, str]  # collection, vector field, ordinal, text


class Vectorizer:
    """Makes the vectors of small writes and of queries. `pending_added` is set where a write left some pending."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self.embedder = embedder
        self.pending_added = threading.Event()
        self._store = store
        self._remembered = lru_cache(REMEMBERED_MAX)(self._vector)  # pages and repeated searches ask with the same text

    def check_model(self, catalog: Catalog, collection_name: str | None = None) -> None:
        """Raises ModelMismatch where a field's vectors, of one collection or of any, were made by another model than the
        present one."""
        for collection, vector in automatic_vectors(catalog, collection_name):
            self._require_present_model(collection, vector)

    def embed_query(self, collection: Collection, vector: Field, text: str) -> NDArray[np.float32]:
        """The vector of a text that is compared with those of this field, float32[size].

        Raises ModelMismatch where these were made by another model.
        """
        self._require_present_model(collection, vector)
        return self._remembered(text) if len(text) <= REMEMBERED_CHARS_MAX else self._vector(text)

    def drop_texts(self) -> None:
        """Keep no text of former queries, nor its vector."""
        self._remembered.cache_clear()

    def embed_new(self, fresh: Sequence[Record]) -> int | None:
        """Make the vectors of a small write, durably; the sequence number of that transaction. None where none were made:
        there were none, or so many that they are left pending.
        """
        if not any(record.vector_fields for record in fresh):
            return None
        if len(fresh) > INLINE_RECORDS_MAX:
            self.pending_added.set()
            return None
        with self._store.read() as view:
            jobs = [
                (collection, vector, record.ordinal, embedding_text(collection, vector, record.fields))
                for record in fresh
                if (collection := view.catalog.collections_by_id.get(record.collection_id)) is not None
                for vector in collection.fields
                if vector.source_fields
                and vector.id in record.vector_fields
                and vector.embedding_model == self.embedder.identity
            ]
            jobs = [j for j in jobs if next(iter(view.vectors(j[0].id, j[1].id, [j[2]]))) is None]
        return self.embed_jobs(jobs) if jobs else None

    def embed_jobs(self, jobs: Sequence[EmbeddingJob]) -> int:
        """Make these vectors and write them: the sequence number that holds them. Raises what the model raises."""
        return self._write(jobs, self.embedder.embed([text for *_, text in jobs]))

    def embed_each(self, jobs: Sequence[EmbeddingJob]) -> list[EmbeddingJob]:
        """Make these vectors and write them, without those of texts that the model fails on, which are returned: one
        such text must not keep the others from their vectors.
        """
        try:
            made = self.embedder.embed([text for *_, text in jobs])
        except PaasqError:  # of the model as a whole
            raise
        except Exception as error:  # noqa: BLE001  # whatever a model raises at a text
            if len(jobs) == 1:
                collection, vector, ordinal, _ = jobs[0]
                _log.error("no vector %s of record %d of %s: %r", vector.name, ordinal, collection.name, error)
                return list(jobs)
            half = len(jobs) // 2
            return self.embed_each(jobs[:half]) + self.embed_each(jobs[half:])
        self._write(jobs, made)
        return []

    def _write(self, jobs: Sequence[EmbeddingJob], made: NDArray[np.float32]) -> int:
        def work(transaction: WriteTransaction) -> None:
            for (collection, vector, ordinal, _), row in zip(jobs, made, strict=True):
                transaction.put_vector(collection.id, vector.id, ordinal, row.tobytes())

        return self._store.write(work).result().seq

    def _require_present_model(self, collection: Collection, vector: Field) -> None:
        if vector.embedding_model != self.embedder.identity:
            raise ModelMismatch(
                f"the vectors of {collection.name}.{vector.name} were made by {vector.embedding_model}, "
                f"and the present model is {self.embedder.identity}",
                f"run `paasq embed {collection.name} --replace` to make them anew with the present model",
            )

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.embedder.embed([text])[0]
        vector.flags.writeable = False  # it may be given to several queries
        return vector


def automatic_vectors(catalog: Catalog, name: str | None) -> list[tuple[Collection, Field]]:
    """The vector(auto) fields of one collection, or of all where `name` is None, each with its collection."""
    chosen = [c for c in catalog.collections.values() if name is None or c.name == name]
    return [(c, f) for c in chosen for f in c.fields if f.source_fields]
