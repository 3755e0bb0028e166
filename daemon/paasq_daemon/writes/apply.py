"""Bound writes, all or nothing: they run in the writer's thread, inside one transaction of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.columns import from_values, null_column, to_values
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import RunValues, evaluate, evaluate_mask, scalar
from paasq_daemon.store.record import Record
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ConflictError
from paasq_daemon.wire.value_codecs import as_text
from paasq_daemon.writes.computed_fields import with_computed
from paasq_daemon.writes.nested_values import flattened
from paasq_daemon.writes.put_record import put_record
from paasq_daemon.writes.validation import check_required, check_values, object_from_json
from paasq_dsl.bound import (
    Bound,
    BoundDelete,
    BoundExpect,
    BoundPatch,
    BoundPut,
    BoundWrite,
    ColumnValue,
    Named,
    WhereStage,
)
from paasq_dsl.bound.traversal import parts
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.syntax.lexer import record_name
from paasq_dsl.types import Kind
from paasq_dsl.values import Value

VALUE_SHOWN_MAX = 60  # characters of a value in an error
_NOT_THERE = 0  # the version of a record that is to be put
Chosen = Sequence[tuple[str, int]]  # keys and versions of the rows that a where chose


@dataclass(frozen=True, slots=True)
class Written:
    """What one write did. `fresh` are the records put or changed."""

    collection: str
    what: str  # put, patch or delete
    keys: tuple[str, ...]
    fresh: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenRows:
    """What a pipeline gives a put: names of fields, and their values, as the engine holds them."""

    names: tuple[str, ...]
    rows: list[list[Any]]


def apply_write(
    transaction: WriteTransaction, write: BoundWrite, values: RunValues, chosen: Chosen | GivenRows | None
) -> Written:
    """Raises ConflictError where an expect does not hold or a chosen row has changed meanwhile; then nothing is kept."""
    return _APPLIERS[type(write)](transaction, write, values, chosen)


def _put(transaction: WriteTransaction, write: BoundPut, values: RunValues, rows: GivenRows | None) -> Written:
    """An expect is asked of each record as it stands when its turn has come."""
    collection = write.collection
    fresh: list[Record] = []
    records: Iterable[dict[str, Any]] = (
        _assigned(collection, items, partial(scalar, run=values)) for items in write.records
    )
    if rows is not None:
        records = (flattened(collection, dict(zip(rows.names, row, strict=True))) for row in rows.rows)
    checked: list[dict[str, Any]] = []
    for given in records:
        check_required(collection, given)
        checked.append(check_values(collection, given))
    for given in with_computed(collection, checked):
        key = given.get(collection.key)
        if write.expect is not None:
            before = transaction.get(collection.id, str(key)) if key is not None else None
            _check_expect(write.expect, collection, before, str(key), values)
        fresh.append(put_record(transaction, collection, given))
    return Written(collection.name, "put", tuple(r.key for r in fresh), tuple(fresh))


def _patch(transaction: WriteTransaction, write: BoundPatch, values: RunValues, chosen: Chosen | None) -> Written:
    changed: list[dict[str, Any]] = []
    for before in _targets(transaction, write, values, chosen):
        row = RecordRow(write.collection, before)
        given = _given(transaction, write.collection, before) if before.version else _defaults(write.collection, before)
        given |= _assigned(write.collection, write.assignments, partial(_of_row, row=row, values=values))
        check_required(write.collection, given)
        changed.append(check_values(write.collection, given))
    fresh = [put_record(transaction, write.collection, record) for record in with_computed(write.collection, changed)]
    word = "put" if write.creates else "patch"
    return Written(write.collection.name, word, tuple(r.key for r in fresh), tuple(fresh))


def _delete(transaction: WriteTransaction, write: BoundDelete, values: RunValues, chosen: Chosen | None) -> Written:
    targets = _targets(transaction, write, values, chosen)
    for record in targets:
        transaction.delete(write.collection.id, record.key)
    return Written(write.collection.name, "delete", tuple(r.key for r in targets))


def _assigned(collection: Collection, items: Iterable[Named], value_of: Callable[[Bound], Value]) -> dict[str, Any]:
    """What fields are given. Only a parameter gives an object as a whole, in JSON."""
    given: dict[str, Any] = {}
    for item in items:
        value = value_of(item.value)
        given |= (
            object_from_json(collection, item.name, value) if item.name in collection.objects else {item.name: value}
        )
    return given


def _of_row(expression: Bound, row: RecordRow, values: RunValues) -> Value:
    return to_values(evaluate(expression, row, values))[0]


def chosen_behind(
    transaction: WriteTransaction, write: BoundWrite, values: RunValues, chosen: Chosen, touched: Iterable[str]
) -> Chosen:
    """What a where chooses behind earlier writes of its transaction: of the records that those `touched` it is asked anew."""
    assert write.query is not None
    where = write.query.stages[-1]
    assert isinstance(where, WhereStage)
    again = dict.fromkeys(touched)
    found = [(key, version) for key, version in chosen if key not in again]
    for key in again:
        record = transaction.get(write.collection.id, key)
        if record is not None and evaluate_mask(where.predicate, RecordRow(write.collection, record), values)[0]:
            found.append((key, record.version))
    return found


def _targets(
    transaction: WriteTransaction, write: BoundPatch | BoundDelete, values: RunValues, chosen: Chosen | None
) -> list[Record]:
    collection, key = write.collection, write.key
    if key is not None:
        found = transaction.get(collection.id, key)
        if write.expect is not None:
            _check_expect(write.expect, collection, found, key, values)
        if found is None and isinstance(write, BoundPatch) and write.creates:
            return [Record(collection.id, -1, key, _NOT_THERE, 0, 0, {collection.key_field.id: key})]
        if found is None:
            raise ConflictError(f"there is no {collection.name}:{key}", "put it first, or look for its key")
        return [found]
    records: list[Record] = []
    for row_key, version in chosen or ():
        found = transaction.get(collection.id, row_key)
        if found is None or found.version != version:
            raise ConflictError(
                f"{collection.name}:{row_key} was changed by another write meanwhile", "run the statement again"
            )
        records.append(found)
    return records


def _check_expect(
    expect: BoundExpect, collection: Collection, before: Record | None, key: str, values: RunValues
) -> None:
    name = record_name(collection.name, key)
    if before is None:
        if expect.state == "present" or expect.condition is not None:
            hint = f"it was deleted, or never put: put {collection.name} {{...}} expect absent"
            raise ConflictError(f"{name} was expected to be there, but is not", hint)
        return
    if expect.state == "absent":
        raise ConflictError(
            f"{name} was expected absent, but is there at version {before.version}",
            f"change it instead: patch {name} set ... expect _version == {before.version}",
        )
    row = RecordRow(collection, before)
    if expect.condition is not None and not bool(evaluate_mask(expect.condition, row, values)[0]):
        raise ConflictError(
            f"{name} is not as expected: it is at version {before.version}{_found(expect.condition, row)}",
            f"read it again and decide anew; write with expect _version == {before.version}",
        )


def _found(condition: Bound, row: RecordRow) -> str:
    """What stands in the fields that a condition asks, the version apart."""
    names = dict.fromkeys(p.name for p in parts(condition) if isinstance(p, ColumnValue) and p.name != "_version")
    said = ((name, row.column(name)) for name in names)
    texts = ((name, str(as_text(to_values(column)[0], column.type))) for name, column in said)
    return "".join(f", {name} is {text[:VALUE_SHOWN_MAX]}" for name, text in texts)


def values_of_run(literals: tuple[Value, ...], parameters: Mapping[str, Any], now_us: int) -> RunValues:
    """What expressions outside a query compute with: no links, no snippets."""
    return RunValues(literals, parameters, now_us, _no_links, _no_snippets)


@dataclass(frozen=True)
class RecordRow:
    """One record as rows for an expression."""

    collection: Collection
    record: Record

    @property
    def length(self) -> int:
        return 1

    def take(self, rows: Ints) -> RecordRow:
        assert rows.tolist() == [0]
        return self

    def column(self, name: str) -> Column:
        record = self.record
        system: dict[str, Value] = {
            "_key": record.key, "_version": record.version, "_seq": record.seq, "_time": record.time_us,
        }  # fmt: skip
        if name in system:
            return from_values(SYSTEM_COLUMNS[name], [system[name]])
        field = self.collection.by_name[name]
        if field.type.kind is Kind.VECTOR:
            return null_column(field.type, 1)
        return from_values(field.type, [record.fields.get(field.id, field.default)])


def _defaults(collection: Collection, record: Record) -> dict[str, Any]:
    """The values of a record that is not there yet."""
    given = {f.name: f.default for f in collection.fields if not f.made}
    return given | {collection.key: record.key}


def _given(transaction: WriteTransaction, collection: Collection, record: Record) -> dict[str, Any]:
    """The values of a record by field name, as put takes them: without those that are computed."""
    given: dict[str, Any] = {}
    for field in collection.fields:
        if field.made:
            continue
        if field.type.kind is not Kind.VECTOR:
            given[field.name] = record.fields.get(field.id, field.default)
            continue
        stored = next(iter(transaction.vectors(collection.id, field.id, [record.ordinal])))
        given[field.name] = None if stored is None else memoryview(stored).cast("f").tolist()
    return given


def _no_links(_: str, name: str, __: Column) -> Column:
    raise KernelError("PQ0741", name=name)


def _no_snippets(*_: object) -> Column:
    raise KernelError("PQ0742")


_APPLIERS: dict[type, Callable[[WriteTransaction, Any, RunValues, Any], Written]] = {
    BoundPut: _put,
    BoundPatch: _patch,
    BoundDelete: _delete,
}
