"""What each transaction wrote, read back from the journal and the bodies, so that another store can do the same again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from paasq_daemon.store.journal import ChangeKind, JournalEntry, RecordChange
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record
from paasq_daemon.wire.errors import CorruptRecord
from paasq_dsl.catalog import Catalog


@dataclass(frozen=True, slots=True)
class LoggedTransaction:
    """One entry of the journal with all that it wrote.

    `records` are by collection and ordinal; one that was put and is not among them was forgotten, or is damaged and in
    `damage`, which names it. `vectors`, float32 in little endian, are by the position of the change among the entry's and
    by field: one that is not among them was pending after that change, or was replaced by a later one before it was read.
    `catalogs` has one for each change of the catalog, in order.
    """

    entry: JournalEntry
    records: Mapping[tuple[int, int], Record] = field(default_factory=dict)
    vectors: Mapping[tuple[int, int], bytes] = field(default_factory=dict)
    catalogs: tuple[Catalog, ...] = ()
    damage: tuple[str, ...] = ()


def read_transactions(view: ReadView, after: int) -> Iterator[LoggedTransaction]:
    """The transactions after the sequence number `after`, in order. The journal must reach back to it.

    Raises CorruptRecord where an entry of the journal or a catalog is lost; a damaged record or vector is left out, and named.
    """
    return _Reading(view, after).transactions()


class _Reading:
    def __init__(self, view: ReadView, after: int) -> None:
        self._view = view
        self._after = after
        self._last_change: dict[tuple[int, int, int], tuple[int, int]] = {}  # of a vector -> sequence number, position
        catalogs = 0
        for entry in view.journal(after):
            for position, change in enumerate(entry.changes):
                if change.field is not None:
                    name = (change.collection, change.field, change.ordinal)
                    self._last_change[name] = (entry.seq, position)
                catalogs += change.kind is ChangeKind.CATALOG
        self._catalog_version = view.catalog.version - catalogs

    def transactions(self) -> Iterator[LoggedTransaction]:
        for entry in self._view.journal(self._after):
            records: dict[tuple[int, int], Record] = {}
            vectors: dict[tuple[int, int], bytes] = {}
            damage: list[str] = []
            for position, change in enumerate(entry.changes):
                if change.kind is ChangeKind.PUT and change.key:
                    if (record := self._record(change, damage)) is not None:
                        records[change.collection, change.ordinal] = record
                        for field_id in record.vector_fields:
                            self._read_vector(change, field_id, None, position, vectors, damage)
                elif change.field is not None and change.key:
                    self._read_vector(change, change.field, (entry.seq, position), position, vectors, damage)
            catalogs = tuple(self._next_catalog() for change in entry.changes if change.kind is ChangeKind.CATALOG)
            yield LoggedTransaction(entry, records, vectors, catalogs, tuple(damage))

    def _record(self, change: RecordChange, damage: list[str]) -> Record | None:
        try:
            return self._view.record(change.collection, change.ordinal)
        except CorruptRecord:
            damage.append(self._name(change))
            return None

    def _read_vector(
        self,
        change: RecordChange,
        field_id: int,
        last: tuple[int, int] | None,
        position: int,
        vectors: dict[tuple[int, int], bytes],
        damage: list[str],
    ) -> None:
        """Take the vector where `last` is its last change: the store has only what that made of it."""
        if self._last_change.get((change.collection, field_id, change.ordinal)) != last:
            return
        try:
            vector = next(iter(self._view.vectors(change.collection, field_id, [change.ordinal])))
        except CorruptRecord:
            damage.append(f"a vector of {self._name(change)}")
            return
        if vector is not None:
            vectors[position, field_id] = vector

    def _next_catalog(self) -> Catalog:
        self._catalog_version += 1
        found = self._view.past_catalog(self._catalog_version)
        if found is None:
            raise CorruptRecord(
                f"version {self._catalog_version} of the catalog is lost", "take a snapshot: it begins a new archive"
            )
        return found

    def _name(self, change: RecordChange) -> str:
        collection = self._view.catalog.collections_by_id.get(change.collection)
        return f"{collection.name if collection else f'collection {change.collection}'}:{change.key}"
