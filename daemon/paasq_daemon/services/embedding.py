"""Vectors that are pending: made on demand, or in the background as they come."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.services.catalog import find_collection
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import CorruptRecord, ModelMismatch, PaasqError
from paasq_daemon.writes.ddl import with_embedding_model
from paasq_daemon.writes.put_record import embedding_text
from paasq_daemon.writes.vectorizer import EmbeddingJob, Vectorizer, automatic_vectors
from paasq_dsl.catalog import Catalog, Collection, Field

SLICE_TEXTS = 32  # embedded between two looks at the clock

OnProgress = Callable[[int, int], None]  # vectors made, vectors pending at the start

_log = logging.getLogger(__name__)


class EmbeddingService:
    """`run` may be called from any thread; `start` and `stop` once each."""

    def __init__(self, store: Store, vectors: Vectorizer) -> None:
        self._store = store
        self._vectors = vectors
        self._stopping = False
        self._refused: set[tuple[int, int, int]] = (
            set()
        )  # ids of collection and field, ordinal: the model fails on these
        self._thread: threading.Thread | None = None

    def run(
        self, *, seconds_max: float | None, collection: str | None = None, replace: bool = False,
        on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Make pending vectors, of one collection or of all, until none is left or the time is up.

        `replace` makes all of them anew, with the present model. `on_progress` may raise, to end it. Returns the counts
        `embedded`, `pending` and, where there are such, `refused`: pending ones whose text the model fails on, or whose record
        is damaged, which wait for a change of the record or for the next start. Raises InvalidValue where there is no such
        collection, ModelMismatch where stored vectors are another model's.
        """
        with self._store.read() as view:
            catalog = view.catalog
        if collection is not None:
            find_collection(catalog, collection)
        if replace:
            catalog = self._mark_all_pending(collection)
        self._vectors.check_model(catalog, collection)
        deadline = None if seconds_max is None else time.monotonic() + seconds_max
        made = self._embed_pending(collection, deadline, on_progress)
        pending = self._pending_count(collection)
        refused = min(pending, self._refused_count(catalog, collection))
        return {"embedded": made, "pending": pending} | ({"refused": refused} if refused else {})

    def start(self) -> None:
        """Make pending vectors as they come, in a thread that ends with `stop`. Where those of the store are another
        model's, as after an upgrade, all are made anew: until then queries say `pending`."""
        with self._store.read() as view:
            catalog = view.catalog
        try:
            self._vectors.check_model(catalog)
        except ModelMismatch as mismatch:
            _log.warning("all vectors are made anew: %s", mismatch.message)
            self._mark_all_pending(None)
        self._vectors.pending_added.set()
        self._thread = threading.Thread(target=self._run_in_background, name="paasq-vectors", daemon=True)
        self._thread.start()

    def report(self) -> dict[str, Any]:
        """JSON: whether the thread runs. What is wrong with it is told where vectors are asked for."""
        return {"running": self._thread is not None and self._thread.is_alive(), "problem": None}

    def stop(self) -> None:
        """End what is under way after its slice, and wait for the thread."""
        self._stopping = True
        self._vectors.pending_added.set()
        if self._thread is not None:
            self._thread.join()

    def _mark_all_pending(self, collection: str | None) -> Catalog:
        """The catalog in which the vectors, of one collection or of all, are the present model's."""
        self._refused.clear()  # the present model may take them
        work = partial(_replace_model, embedder=self._vectors.embedder, name=collection)
        return self._store.write(work).result().value

    def _run_in_background(self) -> None:
        while not self._stopping:
            self._vectors.pending_added.wait()
            self._vectors.pending_added.clear()
            try:
                with self._store.read() as view:
                    self._vectors.check_model(view.catalog)
                self._embed_pending(None, None, None)
            except PaasqError as error:
                _log.warning("pending vectors wait: %s", error)
            except Exception:  # noqa: BLE001  # whatever one record's text does, those of later ones are made
                _log.exception("pending vectors wait for the next write")

    def _embed_pending(self, name: str | None, deadline: float | None, on_progress: OnProgress | None) -> int:
        total, made = self._pending_count(name), 0
        for jobs in self._pending(name):
            if self._stopping or (deadline is not None and time.monotonic() >= deadline):
                break
            failed = self._vectors.embed_each(jobs)
            self._refused.update((collection.id, vector.id, ordinal) for collection, vector, ordinal, _ in failed)
            made += len(jobs) - len(failed)
            if on_progress is not None:
                on_progress(made, total)
        return made

    def _pending(self, name: str | None) -> Iterator[list[EmbeddingJob]]:
        while True:
            jobs: list[EmbeddingJob] = []
            with self._store.read() as view:
                for collection, vector in automatic_vectors(view.catalog, name):
                    jobs += self._jobs(view, collection, vector, SLICE_TEXTS - len(jobs))
                    if len(jobs) >= SLICE_TEXTS:
                        break
            if not jobs:
                return
            yield jobs

    def _jobs(self, view: ReadView, collection: Collection, vector: Field, count: int) -> list[EmbeddingJob]:
        """At most `count` of a field, without those that were refused."""
        refused = {ordinal for of, field, ordinal in self._refused if (of, field) == (collection.id, vector.id)}
        jobs: list[EmbeddingJob] = []
        for ordinal in view.pending_vectors(collection.id, vector.id, count + len(refused)):
            if ordinal in refused or len(jobs) == count:
                continue
            try:
                record = view.record(collection.id, ordinal)
            except CorruptRecord:
                self._refused.add((collection.id, vector.id, ordinal))
                continue
            jobs.append((collection, vector, ordinal, embedding_text(collection, vector, record.fields)))
        return jobs

    def _refused_count(self, catalog: Catalog, name: str | None) -> int:
        ids = {collection.id for collection, _ in automatic_vectors(catalog, name)}
        return sum(collection_id in ids for collection_id, *_ in self._refused)

    def _pending_count(self, name: str | None) -> int:
        with self._store.read() as view:
            return sum(view.pending_vector_count(c.id, f.id) for c, f in automatic_vectors(view.catalog, name))


def _replace_model(transaction: WriteTransaction, embedder: Embedder, name: str | None) -> Catalog:
    """Mark every automatic vector pending for the present model. Returns the catalog that names it."""
    catalog = with_embedding_model(transaction.catalog, embedder, name)
    transaction.set_catalog(catalog)
    for collection, vector in automatic_vectors(catalog, name):
        for record in list(transaction.scan_readable(collection.id)):
            if vector.id in record.vector_fields:
                transaction.mark_vector_pending(collection.id, vector.id, record.ordinal)
    return catalog
