"""Forgetting records: out of the store and its history, what is derived from them, the bytes of its files, and its snapshots.

The steps, each of which can be repeated, so that the next open goes on where a kill ended one:

1. One transaction erases the records and adds a receipt that is not finished. No answer has them from then on.
2. Indexes are built anew, caches dropped.
3. The data file is rewritten entry by entry: LMDB leaves what was deleted in free pages and in the gaps of others.
4. Snapshots that may hold the records are made anew, or named.
5. The receipt is finished.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import PreparedForget
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.services.forget_answers import PREVIEW_COLUMNS, count_links, receipts_answer
from paasq_daemon.services.forget_copies import ForgetCopies
from paasq_daemon.services.forgotten_keys import keep_keys, read_keys, remove_keys
from paasq_daemon.store.disk_space import FULL_DISK, disk_full
from paasq_daemon.store.erasure import ErasedCounts, Traces, collection_ids, count_stored, erase, find_traces
from paasq_daemon.store.forget_receipts import (
    ForgetReceipt,
    PendingForget,
    last_receipt_number,
    read_pending,
    remove_receipt,
    write_pending,
)
from paasq_daemon.store.group_commit import Work
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.errors import ConflictError, LimitExceeded, PaasqError, StoreError
from paasq_daemon.writes.catalog_retry import check_catalog
from paasq_daemon.writes.ddl import check_unchanged
from paasq_daemon.writes.serializable_write import Decider, write_serializable
from paasq_dsl.catalog import Collection
from paasq_dsl.syntax.lexer import format_record_ref

RECORDS_MAX = 100_000  # of one forget: it holds the writer, and its keys in memory
VIEWS_WAIT_S = 10.0  # for what began before, and still sees the records
KEYS_BYTES_MIN = 4096  # what the file of keys takes on the disk at least
_OPEN_READS = "reads that began before and have not ended"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Found:
    """The records that a statement chooses, and all that is known of them, under each id that their collection has had."""

    collection: Collection
    keys: Sequence[str]
    traces: Sequence[Traces]

    @property
    def first_seq(self) -> int:
        """Since when a snapshot may hold one; 0 where that is not known."""
        return min(traces.first_seq for traces in self.traces) if self.is_known else 0

    @property
    def is_known(self) -> bool:
        return any(traces.ordinals or traces.rows for traces in self.traces)

    def unknown(self) -> ConflictError:
        name = format_record_ref(self.collection.name, self.keys[0])
        return ConflictError(
            f"there is no {name}, and no version of it in the history",
            "look for its key; show forgotten has the receipts",
        )


@dataclass(eq=False)
class ForgetService:
    """One forget at a time; the others wait. May be called from any thread. Each of `drop_texts` drops what a cache has of
    requests. Each of `end_readers` has other processes that read the store let go of it, within some seconds: False where one
    does not."""

    store: Store
    indexes: Indexes
    copies: ForgetCopies
    drop_texts: Sequence[Callable[[], None]]
    end_readers: list[Callable[[float], bool]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def run(self, step: PreparedForget, inputs: ExecutionInputs, catalog_version: int) -> Answer:
        """Erase the records and give the receipt. Raises ConflictError where there are none,
        CatalogChanged where the catalog is not of that version; StoreError where they are erased, and files not yet."""
        with self._lock:
            try:
                found, begun = self._begin(step, inputs, catalog_version)
            except PaasqError:
                self._waiting()
                raise
            if not found.keys:
                return receipts_answer((), self.store.seq)
            if begun is None:
                return self._finish_earlier(found)
            finished = self._finish({traces.collection_id: traces.ordinals for traces in found.traces})
            receipts = [each for each in finished if each.number == begun.receipt.number]
            if not receipts:
                raise found.unknown()
            return receipts_answer(receipts, self.store.seq)

    def _begin(
        self, step: PreparedForget, inputs: ExecutionInputs, catalog_version: int
    ) -> tuple[_Found, PendingForget | None]:
        """The first step; None where nothing is to be erased, and no snapshot to be asked."""

        def decide(view: IndexView) -> Work[tuple[_Found, PendingForget | None]]:
            found = _find_in(step, inputs, catalog_version, view)
            if not found.keys or not (found.is_known or step.forget.with_snapshots):
                return lambda _: (found, None)
            return partial(_begin, found, step.forget.with_snapshots, self._keep_keys(frozenset(found.keys)))

        reads = frozenset[str]() if step.source is None else step.source.query.properties.collections_read
        check = inputs.cancellation.raise_if_cancelled
        decider = Decider(decide, reads, catalog_version)
        return write_serializable(self.store, self.indexes, decider, lambda work: work, check).value

    def _keep_keys(self, keys: frozenset[str]) -> str:
        """On a full disk the store's reserve makes room. Raises DiskFull, ReadOnly, StoreError: nothing is forgotten then."""
        self.store.require_writable()
        try:
            return keep_keys(self.store.folder, keys)
        except OSError as error:
            if error.errno in FULL_DISK and self.store.release_reserve():
                with suppress(OSError):
                    return keep_keys(self.store.folder, keys)
            if error.errno in FULL_DISK:
                raise disk_full(KEYS_BYTES_MIN) from error
            raise StoreError(
                f"nothing is forgotten: {self.store.folder} cannot be written ({error.strerror})",
                "mend the disk or its mode",
            ) from error

    def preview(self, step: PreparedForget, inputs: ExecutionInputs, catalog_version: int) -> Answer:
        """A row for each record that would be erased."""
        found = self.indexes.run(partial(_find_in, step, inputs, catalog_version))
        if found.keys and not found.is_known and not step.forget.with_snapshots:
            raise found.unknown()
        copies = self.copies.holding(found.first_seq)
        with self.indexes.read() as view:
            links = count_links(view, found.collection.name)
            rows = []
            for key in found.keys:
                counts = sum((count_stored(view.store, traces.of(key)) for traces in found.traces), ErasedCounts())
                live = view.store.version(found.collection.id, key) > 0
                amounts = [counts.versions, counts.vectors, counts.size_bytes, links.get(key, 0)]
                rows.append([found.collection.name, key, live, *amounts, copies])
            return Answer(PREVIEW_COLUMNS, rows, seq=view.seq)

    def resume(self) -> None:
        """Go on with what a kill or a failure ended. What fails now is logged, and goes on with the next open or forget."""
        if self.store.read_only:
            return
        try:
            with self._lock:
                self._finish({})
        except PaasqError as error:
            _log.error("%s", error.message)  # its message says it all
        except OSError as error:
            _log.error("what is being forgotten goes on with the next open: %s", error)

    def _finish_earlier(self, found: _Found) -> Answer:
        """What is not there may have been forgotten by a statement that a failure ended, and that is run again."""
        receipts = self._finish({})
        if not receipts:
            raise found.unknown()
        return receipts_answer(receipts, self.store.seq)

    def _finish(self, versions: Mapping[int, Iterable[int]]) -> list[ForgetReceipt]:
        """The steps after the first, of all that is not finished. `versions` are ordinals by collection that were erased while
        reads may still be open that see them."""
        waiting = self._waiting()
        if not waiting:
            return []
        try:
            return self._finish_waiting(waiting, versions)
        except (PaasqError, OSError) as error:
            why = error.message if isinstance(error, PaasqError) else str(error)
            raise StoreError(
                f"what was forgotten is in no answer any more, but files may still hold bytes of it: {why}",
                "mend that; it goes on when the store is opened again, or with the next forget",
            ) from error

    def _waiting(self) -> list[PendingForget]:
        """What is not finished; files of keys that belong to none are removed."""
        with self.store.read() as view:
            waiting = read_pending(view)
        with suppress(OSError):  # the disk fails; the next forget or open removes them
            remove_keys(self.store.folder, {pending.keys_file for pending in waiting})
        return waiting

    def _finish_waiting(
        self, waiting: Sequence[PendingForget], versions: Mapping[int, Iterable[int]]
    ) -> list[ForgetReceipt]:
        ids = {id_ for pending in waiting for id_ in pending.collection_ids}
        self.indexes.erase({id_: versions.get(id_, ()) for id_ in ids})
        for drop in self.drop_texts:
            drop()
        self.store.rewrite()
        is_unread = all([self.store.wait_for_replaced(VIEWS_WAIT_S), *(end(VIEWS_WAIT_S) for end in self.end_readers)])
        still_in = () if is_unread else (_OPEN_READS,)
        finished: list[ForgetReceipt] = []
        for pending in waiting:
            keys = read_keys(self.store.folder, pending.keys_file)
            copies = self.copies.clean(pending, keys)
            with self.indexes.read() as view:
                links = count_links(view, pending.receipt.collection)
            receipt = replace(
                pending.receipt,
                links=sum(links.get(key, 0) for key in keys or ()),
                finished_us=time.time_ns() // 1_000,
                snapshots_rewritten=tuple(copies.rewritten),
                still_in=(*still_in, *copies.still_in),
            )
            finished.append(receipt)
        self.store.write(partial(_end, finished)).result()
        remove_keys(self.store.folder)
        return [receipt for receipt in finished if not receipt.is_void]


def _find_in(step: PreparedForget, inputs: ExecutionInputs, catalog_version: int, view: IndexView) -> _Found:
    """Raises CatalogChanged where the view has another catalog, LimitExceeded where the records are too many."""
    check_catalog(view.catalog.version, catalog_version)
    collection, key = step.forget.collection, step.forget.key
    if step.source is None:
        assert key is not None
        keys = [key]
    else:
        keys = [row_key for row_key, _ in step.source.plan.row_versions(replace(inputs, view=view))]
    if len(keys) > RECORDS_MAX:
        raise LimitExceeded(f"a forget takes {RECORDS_MAX:,} records, and this is {len(keys):,}", "narrow the where")
    traces = [find_traces(view.store, id_, keys) for id_ in collection_ids(view.store, collection.name)]
    return _Found(collection, keys, traces)


def _begin(
    found: _Found, with_snapshots: bool, keys_file: str, transaction: WriteTransaction
) -> tuple[_Found, PendingForget]:
    """The first step, in the writer's thread."""
    collection = found.collection
    check_unchanged(transaction, collection)
    traces = [find_traces(transaction, known.collection_id, known.keys, known) for known in found.traces]
    counts = sum((erase(transaction, each) for each in traces), ErasedCounts())
    receipt = ForgetReceipt(
        number=last_receipt_number(transaction) + 1,
        collection=collection.name,
        records=counts.records,
        versions=counts.versions,
        vectors=counts.vectors,
        size_bytes=counts.size_bytes,
        links=0,
        seq=transaction.next_seq if transaction.changes else transaction.seq,
        began_us=transaction.time_us,
    )
    ids = tuple(each.collection_id for each in traces)
    pending = PendingForget(receipt, ids, keys_file, found.first_seq, with_snapshots)
    write_pending(transaction, pending)
    return found, pending


def _end(receipts: Sequence[ForgetReceipt], transaction: WriteTransaction) -> None:
    for receipt in receipts:
        if receipt.is_void:
            remove_receipt(transaction, receipt.number)
        else:
            write_pending(transaction, PendingForget(receipt))
