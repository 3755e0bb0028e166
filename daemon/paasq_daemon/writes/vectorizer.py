"""The vectors of vector(auto) fields: made right after a small write; otherwise pending, and made in slices."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.store.record import Record
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ModelMismatch, PaasqError
from paasq_daemon.writes.ddl import with_embedding_model
from paasq_daemon.writes.put_record import embedding_text
from paasq_dsl.catalog import Catalog, Collection, Field

INLINE_RECORDS_MAX = 16  # records of one write whose vectors are made before it returns; more are left pending
SLICE_TEXTS = 32  # embedded between two looks at the clock
REMEMBERED_MAX, REMEMBERED_CHARS_MAX = 512, 1_000  # texts of queries whose vectors are kept: 1 MB or less

OnProgress = Callable[[int, int], None]  # vectors made, vectors still pending at the start
Job = tuple[Collection, Field, int, str]  # collection, vector field, ordinal, text

_log = logging.getLogger(__name__)


class Vectorizer:
    """Fills vector(auto) fields, and embeds the texts of queries. Thread-safe."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self.embedder = embedder
        self._store = store
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._remembered = lru_cache(REMEMBERED_MAX)(self._vector)  # pages and repeated searches ask with the same text

    def check_model(self, catalog: Catalog) -> None:
        """Raises ModelMismatch where a field's vectors were made by another model than the present one."""
        for collection, vector in _automatic(catalog, None):
            if vector.embedding_model != self.embedder.identity:
                raise ModelMismatch(
                    f"the vectors of {collection.name}.{vector.name} were made by {vector.embedding_model}, "
                    f"and the present model is {self.embedder.identity}",
                    "run `paasq embed --replace` to make them anew with the present model",
                )

    def embed_query(self, catalog: Catalog, text: str) -> NDArray[np.float32]:
        """The vector of a query's text, float32[size]. Raises ModelMismatch where the stored ones are another model's."""
        self.check_model(catalog)
        return self._remembered(text) if len(text) <= REMEMBERED_CHARS_MAX else self._vector(text)

    def embed_new(self, fresh: Sequence[Record]) -> int | None:
        """Make the vectors of a small write, durably; the sequence number of that transaction. None where none were made:
        there were none, or so many that they are left pending.
        """
        if not any(record.vector_fields for record in fresh):
            return None
        if len(fresh) > INLINE_RECORDS_MAX:
            self._wake.set()
            return None
        with self._store.read() as view:
            jobs = [
                (collection, vector, record.ordinal, embedding_text(collection, vector, record.fields))
                for record in fresh
                for collection in [view.catalog.collections_by_id[record.collection_id]]
                for vector in collection.fields
                if vector.source_fields
                and vector.id in record.vector_fields
                and vector.embedding_model == self.embedder.identity
            ]
            jobs = [j for j in jobs if next(iter(view.vectors(j[0].id, j[1].id, [j[2]]))) is None]
        return self._write(jobs) if jobs else None

    def embed_pending(
        self, *, seconds_max: float | None = None, collection: str | None = None, on_progress: OnProgress | None = None,
    ) -> tuple[int, int]:  # fmt: skip
        """Make pending vectors until none is left or the time is up: (made, left). Each slice is durable once it is made."""
        deadline = None if seconds_max is None else time.monotonic() + seconds_max
        total, made = self.pending_count(collection), 0
        for jobs in self._pending(collection):
            if self._stop.is_set() or (deadline is not None and time.monotonic() >= deadline):
                break
            self._write(jobs)
            made += len(jobs)
            if on_progress is not None:
                on_progress(made, total)
        return made, self.pending_count(collection)

    def pending_count(self, collection: str | None = None) -> int:
        """How many vectors are still to be made, in one collection or in all."""
        with self._store.read() as view:
            return sum(view.pending_vector_count(c.id, f.id) for c, f in _automatic(view.catalog, collection))

    def mark_all_pending(self, collection: str | None = None) -> int:
        """Mark every vector(auto) pending, to be made by the present model; how many there are."""
        work = partial(_replace_model, embedder=self.embedder, name=collection)
        return self._store.write(work).result().value

    def wake(self) -> None:
        """Look for pending vectors in the background, if that was started."""
        self._wake.set()

    def start_background(self) -> None:
        """Make pending vectors as they come, until `stop_background`."""
        self._wake.set()
        self._thread = threading.Thread(target=self._fill_when_woken, name="paasq-vectors", daemon=True)
        self._thread.start()

    def stop_background(self) -> None:
        """Stop the background thread after its present slice, and wait for it."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _fill_when_woken(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            try:
                with self._store.read() as view:
                    self.check_model(view.catalog)
                self.embed_pending()
            except PaasqError as error:
                _log.warning("pending vectors wait: %s", error)
            except Exception:  # noqa: BLE001  # whatever one record's text does, those of later ones are made
                _log.exception("pending vectors wait for the next write")

    def _pending(self, name: str | None) -> Iterator[list[Job]]:
        while True:
            jobs: list[Job] = []
            with self._store.read() as view:
                for collection, vector in _automatic(view.catalog, name):
                    ordinals = view.pending_vectors(collection.id, vector.id, SLICE_TEXTS - len(jobs))
                    jobs += [
                        (collection, vector, record.ordinal, embedding_text(collection, vector, record.fields))
                        for record in view.records(collection.id, ordinals)
                    ]
                    if len(jobs) >= SLICE_TEXTS:
                        break
            if not jobs:
                return
            yield jobs

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.embedder.embed([text])[0]
        vector.flags.writeable = False  # it may be given to several queries
        return vector

    def _write(self, jobs: list[Job]) -> int:
        made = self.embedder.embed([text for *_, text in jobs])

        def work(transaction: WriteTransaction) -> None:
            for (collection, vector, ordinal, _), row in zip(jobs, made, strict=True):
                transaction.put_vector(collection.id, vector.id, ordinal, row.tobytes())

        return self._store.write(work).result().seq


def _automatic(catalog: Catalog, name: str | None) -> list[tuple[Collection, Field]]:
    chosen = [c for c in catalog.collections.values() if name is None or c.name == name]
    return [(c, f) for c in chosen for f in c.fields if f.source_fields]


def _replace_model(transaction: WriteTransaction, embedder: Embedder, name: str | None) -> int:
    catalog = with_embedding_model(transaction.catalog, embedder, name)
    transaction.set_catalog(catalog)
    count = 0
    for collection, vector in _automatic(catalog, name):
        for record in list(transaction.scan(collection.id)):
            if vector.id in record.vector_fields:
                transaction.mark_vector_pending(collection.id, vector.id, record.ordinal)
                count += 1
    return count
