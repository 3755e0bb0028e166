"""Time travel: the store as it was at an older sequence number, as far back as the journal reaches."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_daemon.store.journal import ChangeKind
from paasq_daemon.store.layout import VECTOR_KEY
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.wire.errors import StoreError
from paasq_dsl.catalog import Catalog
from paasq_dsl.values import format_time


class HistoricalView(ReadView):
    """The first change of each key since `seq` tells which record was live then; bodies of deleted records are still stored.

    Ordinals run to the present end. A vector made since then is missing; one that was recomputed is the new one.
    Construction reads the journal after `seq` once. Raises StoreError where `seq` is in the future, or the catalog of then was
    trimmed; so does reading a collection whose history was.
    """

    def __init__(self, present: ReadView, seq: int) -> None:
        super().__init__(present.txn, present.tables, present.lost)
        if not 0 <= seq <= present.seq:
            raise StoreError(
                f"the store is at sequence number {present.seq}, and {seq} is after that", "name an earlier one"
            )
        if seq + 1 < present.state.catalog_start:
            raise _trimmed(present, seq, present.state.catalog_start)
        self._seq = seq
        self._kept: set[int] = set()  # collections whose history reaches back so far
        self._earlier: dict[tuple[int, str], int | None] = {}  # (collection, key) -> the ordinal that was live then
        self._toggled_vectors: set[tuple[int, int, int]] = set()  # (collection, field, ordinal), made or dropped since
        catalogs = 0
        for entry in present.kept_journal(seq):
            for change in entry.changes:
                if not change.key:  # forgotten, or of the catalog
                    catalogs += change.kind is ChangeKind.CATALOG
                elif change.kind in {ChangeKind.PUT, ChangeKind.DELETE}:
                    self._earlier.setdefault((change.collection, change.key), change.replaced_ordinal)
                elif change.field is not None:
                    self._toggled_vectors ^= {(change.collection, change.field, change.ordinal)}
        self._catalog_version = present.catalog.version - catalogs

    @property
    def seq(self) -> int:
        """The sequence number that is read, not that of the transaction underneath."""
        return self._seq

    @property
    def catalog(self) -> Catalog:
        """The catalog as it was then."""
        return self.past_catalog(self._catalog_version) or Catalog()

    def ordinal(self, collection_id: int, key: str) -> int | None:
        """The ordinal of the record that was live then under this key; None where there was none."""
        self.require_kept(collection_id)
        name = (collection_id, key)
        return self._earlier[name] if name in self._earlier else super().ordinal(collection_id, key)

    def keys(self, collection_id: int) -> Iterator[str]:
        """The keys of records that were live then, and of later ones, which have no ordinal here."""
        self.require_kept(collection_id)
        later = (key for id_, key in self._earlier if id_ == collection_id)
        yield from dict.fromkeys((*super().keys(collection_id), *later))

    def confirmations(self, collection_id: int) -> Iterator[tuple[int, int]]:
        """Raises StoreError: what a confirmation replaces is not kept."""
        del collection_id
        raise StoreError("when records were confirmed is known of the present alone", "leave _confirmed out")

    def version(self, collection_id: int, key: str) -> int:
        """The version of the record that was live then; 0 where there was none."""
        ordinal = self.ordinal(collection_id, key)
        return 0 if ordinal is None else self.record(collection_id, ordinal).version

    def live_count(self, collection_id: int) -> int:
        """How many records were live then. Costs a look-up for each key of the collection that has changed since."""
        self.require_kept(collection_id)
        changed = [(key, was) for (id_, key), was in self._earlier.items() if id_ == collection_id]
        gone = sum(super(HistoricalView, self).ordinal(collection_id, key) is not None for key, _ in changed)
        return super().live_count(collection_id) - gone + sum(was is not None for _, was in changed)

    def require_kept(self, collection_id: int) -> None:
        """Raises StoreError where the collection's history does not reach back to this moment."""
        if collection_id not in self._kept:
            start = self.history_start(collection_id)
            if self._seq + 1 < start:
                raise _trimmed(self, self._seq, start)
            self._kept.add(collection_id)

    def _vector(self, collection_id: int, field_id: int, ordinal: int) -> bytes | None:
        """None also where a record was deleted before its vector was made, which is no corruption."""
        if (collection_id, field_id, ordinal) in self._toggled_vectors:
            return None
        return self.tables.vectors.get(self.txn, VECTOR_KEY.pack(collection_id, field_id, ordinal))


def _trimmed(view: ReadView, seq: int, start: int) -> StoreError:
    first = next(view.kept_journal(start - 1), None)
    moment = "the present" if first is None else f"a moment since {format_time(first.time_us)}"
    return StoreError(
        f"history is kept from sequence number {start - 1} on, and {seq} is before that",
        f"read {moment}, or restore a snapshot of that time into a folder of its own",
    )
