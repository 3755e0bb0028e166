"""The columns and vectors of one collection, built from its records and updated from the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from uuid import uuid4

import numpy as np

from paasq_daemon.index.append_array import AppendArray
from paasq_daemon.index.column import Ints
from paasq_daemon.index.column_builders import ColumnBuilder, column_builder, has_column
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.column_statistics import validity_mask
from paasq_daemon.index.stored_rows import StoredRows
from paasq_daemon.index.vector_index import VectorIndex
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record
from paasq_daemon.wire.errors import CorruptRecord
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection, Field
from paasq_dsl.types import Type, TypeKind
from paasq_dsl.values import Value

_ATTRIBUTES = {"_key": "key", "_version": "version", "_seq": "seq", "_time": "time_us"}  # column -> of the record
_BATCH_RECORDS = 8_192
_DEAD_SHARE_MAX = 0.5  # of the live rows
_DEAD_ROWS_MIN = 100  # fewer are not worth a third of a second of a disk's work
_KEY_LOST = "(its key is lost)"


class CollectionIndex:
    """Row `i` of every array belongs to ordinal `i`; rows of records that were deleted before they were indexed hold
    nulls.

    `deleted` lists deleted ordinals in the order of the journal; `generation` names this list: a rebuilt index has
    another one, since its order differs. `builders` are by the name of a system column, or by the field's id.

    `stored` says which rows go to files: those that were dead when it was built do not.

    Live records that cannot be read are in `damaged`, key by ordinal, and are not alive here: they cost themselves alone.
    """

    def __init__(self, collection: Collection, generation: str | None = None) -> None:
        self.collection = collection
        self.generation = generation or uuid4().hex
        self.length = 0
        self.deleted = AppendArray(np.int64)
        self.stored = StoredRows()
        self.builders: dict[str, ColumnBuilder] = {
            n: column_builder(t) for n, t in expected_columns(collection).items()
        }
        self.vectors: dict[int, VectorIndex] = {}
        self.damaged: dict[int, str] = {}
        self._alive = AppendArray(np.bool_)
        self._snapshot: ColumnSnapshot | None = None
        self._between: Callable[[], None] = lambda: None

    @classmethod
    def build(
        cls, view: ReadView, collection: Collection, between: Callable[[], None] = lambda: None
    ) -> CollectionIndex:
        """From the records and vectors that the view sees, without those that are damaged. `between` is called between
        batches: it may sleep, and may raise to give up."""
        index = cls(collection)
        index._between = between
        index._append(view.scan_readable(collection.id), view.next_ordinal(collection.id))
        version = index.builders["_version"].column(index.length)
        dead = np.flatnonzero(~validity_mask(version))
        index._kill(dead.tolist())
        live = np.flatnonzero(index._alive.array()).tolist()
        for field in collection.fields_of_kind(TypeKind.VECTOR):
            index._set_vectors(view, field.id, live)
        index.deleted = AppendArray(np.int64, np.flatnonzero(~index._alive.array()))
        index.stored = StoredRows.of_built(index._alive.array())
        index._account_for_all(view)
        index._between = lambda: None
        return index

    @property
    def live_count(self) -> int:
        """How many records are alive here."""
        return int(np.count_nonzero(self._alive.array()))

    @property
    def stored_rows(self) -> int:
        """How many rows its files have, or entries its vectors: the greatest count of any of them."""
        rows = len(self.stored.kept) + self.length - self.stored.start
        return max([rows, *(len(vectors.log) for vectors in self.vectors.values())])

    @property
    def dead_rows(self) -> int:
        """How many of those are of dead records."""
        return self.stored_rows - self.live_count

    @property
    def is_wasteful(self) -> bool:
        """Whether so much of it is of dead records that it should be built anew."""
        return self.dead_rows > max(_DEAD_ROWS_MIN, self.live_count * _DEAD_SHARE_MAX)

    def restore(self, length: int, dead: Ints) -> None:
        """Continue from loaded data: the caller has put builders, vectors and `stored` in place. `dead` are the records that
        died after it was built, in that order."""
        deleted = np.concatenate([self.stored.left_out, dead])
        self.length, self.deleted = length, AppendArray(np.int64, deleted)
        alive = np.ones(length, np.bool_)
        alive[deleted] = False
        self._alive = AppendArray(np.bool_, alive)

    def apply(self, view: ReadView, deleted: Sequence[int], vector_changes: Mapping[int, Iterable[int]]) -> None:
        """Bring the index to the view's sequence number.

        `deleted` are the ordinals deleted since, in that order; `vector_changes` the ordinals, by field id, whose
        vector was set or removed.
        """
        start, end = self.length, view.next_ordinal(self.collection.id)
        gone = set(deleted)
        fresh = [ordinal for ordinal in range(start, end) if ordinal not in gone]
        unreadable: list[int] = []
        self._append(self._readable(view, fresh, unreadable), end)
        self._kill([*deleted, *unreadable])
        for ordinal in gone & self.damaged.keys():
            del self.damaged[ordinal]
        for field in self.collection.fields_of_kind(TypeKind.VECTOR):
            self._set_vectors(view, field.id, sorted({*fresh, *vector_changes.get(field.id, ())} - gone))
        self._account_for_all(view)
        self._snapshot = None

    def change_catalog(self, collection: Collection) -> bool:
        """Adopt a changed definition. False where the index must be rebuilt: a field has another type or default."""
        present = self.collection.fields_by_name.values()
        by_id = {f.id: f for f in collection.fields}
        for f in present:
            now = by_id.get(f.id)
            if now is not None and has_column(f.type) and (now.type, now.default) != (f.type, f.default):
                return False
        expected = expected_columns(collection)
        self.builders = {name: self.builders.get(name) or self._filled(name, by_id) for name in expected}
        self.vectors = {id_: index for id_, index in self.vectors.items() if id_ in by_id}
        self.collection = collection
        self._snapshot = None
        return True

    def snapshot(self) -> ColumnSnapshot:
        """The present state of the index; later changes do not affect it."""
        if self._snapshot is None:
            counts = {id_: (index, len(index.log)) for id_, index in self.vectors.items()}
            alive = self._alive.array()
            self._snapshot = ColumnSnapshot(
                self.collection,
                self.length,
                alive,
                dead=(self.generation, len(self.deleted)),
                builders=dict(self.builders),
                vectors=counts,
                damaged=dict(self.damaged),
            )
        return self._snapshot

    def set_aside(self, view: ReadView, ordinal: int) -> bool:
        """Take a live record that cannot be read out of the index. False where it is not in it any more."""
        if ordinal >= self.length or not self._alive.array()[ordinal]:
            return False
        self._kill([ordinal])
        self._account_for_all(view)
        self._snapshot = None
        return True

    def name_lost(self, keys: Sequence[str]) -> None:
        """Name records whose keys the store has lost, by the keys that another index of it had."""
        nameless = [ordinal for ordinal, key in self.damaged.items() if key == _KEY_LOST]
        unnamed = [key for key in keys if key not in self.damaged.values()]
        for ordinal, key in zip(nameless, unnamed, strict=False):
            self.damaged[ordinal] = key
        self._snapshot = None

    def _readable(self, view: ReadView, ordinals: Iterable[int], unreadable: list[int]) -> Iterator[Record]:
        """The records of these ordinals, in order; those that are damaged go to `unreadable`, and get a row of nulls."""
        for ordinal in ordinals:
            try:
                yield view.record(self.collection.id, ordinal)
            except CorruptRecord:
                unreadable.append(ordinal)

    def _account_for_all(self, view: ReadView) -> None:
        """Name the live records that are not alive here; of one whose key is lost too, only that it is missing is known."""
        missing = view.live_count(self.collection.id) - self.live_count
        if missing == len(self.damaged):
            return
        alive, self.damaged = self._alive.array(), {}
        for key in view.keys(self.collection.id):
            try:
                ordinal = view.ordinal(self.collection.id, key)
            except CorruptRecord:
                ordinal = -1 - len(self.damaged)  # only the key is known
            if ordinal is not None and not (0 <= ordinal < self.length and alive[ordinal]):
                self.damaged[ordinal] = key
        for number in range(len(self.damaged), missing):
            self.damaged[-1 - number] = _KEY_LOST

    def _filled(self, name: str, by_id: Mapping[int, Field]) -> ColumnBuilder:
        """A column for a field that is new: what records written before it read as."""
        field = by_id[int(name)]
        builder = column_builder(field.type)
        builder.extend([field.default if alive else None for alive in self._alive.array().tolist()])
        return builder

    def _append(self, records: Iterable[Record], end: int) -> None:
        """Append rows up to ordinal `end`; `records` are in order, and rows that have none are nulls."""
        rest = iter(records)
        while self.length < end:
            batch = list(islice(rest, _BATCH_RECORDS))
            stop = batch[-1].ordinal + 1 if len(batch) == _BATCH_RECORDS else end
            self._append_rows(batch, stop - self.length)
            self._between()

    def _append_rows(self, batch: list[Record], count: int) -> None:
        places = [record.ordinal - self.length for record in batch]
        fields = {str(f.id): f for f in self.collection.fields}
        for name, builder in self.builders.items():
            values: list[Value] = [None] * count
            if name in fields:
                id_, default = fields[name].id, fields[name].default
                for place, record in zip(places, batch, strict=True):
                    values[place] = record.fields.get(id_, default)
            else:
                attribute = _ATTRIBUTES[name]
                for place, record in zip(places, batch, strict=True):
                    values[place] = getattr(record, attribute)
            builder.extend(values)
        self._alive.extend(np.ones(count, np.bool_))
        self.length += count

    def _kill(self, ordinals: Sequence[int]) -> None:
        if not len(ordinals):
            return
        alive = self._alive.array().copy()  # earlier snapshots keep theirs
        alive[ordinals] = False
        self._alive = AppendArray(np.bool_, alive)
        self.deleted.extend(np.array(ordinals, np.int64))

    def _set_vectors(self, view: ReadView, field_id: int, ordinals: list[int]) -> None:
        """Read the present vectors of these ordinals, ascending, from the store."""
        for start in range(0, len(ordinals), _BATCH_RECORDS):
            batch = ordinals[start : start + _BATCH_RECORDS]
            changes = self._vectors_of(view, field_id, batch)
            size = next((len(vector) // 4 for vector in changes.values() if vector is not None), None)
            index = self.vectors.get(field_id)
            if size is not None and (index is None or self._outlived(index, size, ordinals)):
                index = self.vectors[field_id] = VectorIndex(size)
            if index is not None:
                index.apply(changes)
            self._between()

    def _vectors_of(self, view: ReadView, field_id: int, ordinals: list[int]) -> dict[int, bytes | None]:
        """By ordinal; where one cannot be read, its record is not alive from now on."""
        found: dict[int, bytes | None] = {}
        for ordinal in ordinals:
            try:
                found[ordinal] = next(iter(view.vectors(self.collection.id, field_id, [ordinal])))
            except CorruptRecord:
                self._kill([ordinal])
        return found

    def _outlived(self, index: VectorIndex, size: int, renewed: list[int]) -> bool:
        """Whether vectors come of another length, and none of the old ones stays: the field has another model now."""
        if index.blocks.size == size:
            return False
        alive = self._alive.array().copy()
        alive[renewed] = False
        return not index.view(len(index.log), alive).count


def expected_columns(collection: Collection) -> dict[str, Type]:
    """The types of a collection's columns, by their names in builders and files: system column, or field id."""
    system = {name: SYSTEM_COLUMNS[name] for name in _ATTRIBUTES}
    return system | {str(f.id): f.type for f in collection.fields if has_column(f.type)}
