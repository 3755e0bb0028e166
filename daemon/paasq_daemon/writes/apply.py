"""Bound writes, all or nothing: they run in the writer's thread, inside one transaction of the store."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.columns import column_from_values, column_to_values, null_column
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import EvaluationContext, evaluate, evaluate_mask, evaluate_scalar
from paasq_daemon.operators.snippet_column import no_snippets
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record, vector_numbers
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ConflictError
from paasq_daemon.wire.value_codecs import format_value
from paasq_daemon.writes.computed_fields import add_computed_fields
from paasq_daemon.writes.nested_values import flatten
from paasq_daemon.writes.put_record import put_record
from paasq_daemon.writes.serializable_write import ChangedMeanwhile
from paasq_daemon.writes.validation import check_required, check_values, object_from_json
from paasq_dsl.bound import (
    BoundDelete,
    BoundExpect,
    BoundExpression,
    BoundPatch,
    BoundPut,
    BoundWrite,
    ColumnRef,
    NamedExpression,
    WhereStage,
)
from paasq_dsl.bound.traversal import walk_expression
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.syntax.lexer import format_record_ref
from paasq_dsl.types import TypeKind
from paasq_dsl.values import Value

VALUE_SHOWN_MAX = 60  # characters of a value in an error
_NOT_THERE = 0  # the version of a record that an upsert will insert
RowVersions = Sequence[tuple[str, int]]  # keys and versions of the rows that a where chose


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What one write did. `new_records` are the record versions that it wrote, in the order of `keys`."""

    collection: str
    operation: str  # put, patch or delete
    keys: tuple[str, ...]
    new_records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceRows:
    """The rows of a pipeline that a put reads from: names of fields, and rows of engine values, one a name. `versions` are
    those that the records with the rows' keys had on the view that the pipeline read, 0 of one that was not there."""

    names: tuple[str, ...]
    rows: list[list[Any]]
    versions: Mapping[str, int]

    def check_unmodified(self, transaction: WriteTransaction, collection: Collection, touched: Container[str]) -> None:
        """Raises ChangedMeanwhile where a record that is to be replaced was written since the pipeline read: what it computed
        would undo that. `touched` are keys that the transaction itself has written: its pipelines read no collection of
        these."""
        for key, version in self.versions.items():
            if key not in touched and transaction.version(collection.id, key) != version:
                raise _changed_meanwhile(collection, key)


@dataclass(frozen=True, slots=True)
class ChosenRows:
    """The rows that a where chose, and of a patch the records as they are to be, None where that is to be evaluated yet."""

    versions: RowVersions
    changed: Sequence[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class GivenRecords:
    """The values of the records of a put, by field name."""

    records: Sequence[dict[str, Any]]


WriteRows: TypeAlias = ChosenRows | SourceRows | GivenRecords | None  # None: of what is named by its key


def apply_write(
    transaction: WriteTransaction, write: BoundWrite, values: EvaluationContext, rows: WriteRows
) -> WriteResult:
    """Apply one write. Raises ConflictError where an expect does not hold, ChangedMeanwhile where a chosen row has changed,
    InvalidValue where a value does not fit; the caller's transaction is rolled back then.
    """
    return _APPLIERS[type(write)](transaction, write, values, rows)


def assigned_records(write: BoundPut, values: EvaluationContext) -> list[dict[str, Any]]:
    """The values of the records that the text gives."""
    return [_assigned(write.collection, items, partial(evaluate_scalar, run=values)) for items in write.records]


def patched_record(store: ReadView, write: BoundPatch, before: Record, values: EvaluationContext) -> dict[str, Any]:
    """The values of a record as the patch makes it, by field name, checked, without those that are computed."""
    row = SingleRecord(write.collection, before, store)
    given = _given(store, write.collection, before) if before.version else _defaults(write.collection, before)
    given |= _assigned(write.collection, write.assignments, partial(_of_row, row=row, values=values))
    check_required(write.collection, given)
    return check_values(write.collection, given)


def _put(
    transaction: WriteTransaction, write: BoundPut, values: EvaluationContext, rows: SourceRows | GivenRecords
) -> WriteResult:
    """An expect is checked for each record just before it is written, after the ones before it."""
    collection = write.collection
    fresh: list[Record] = []
    if isinstance(rows, GivenRecords):
        records: Iterable[dict[str, Any]] = rows.records
    else:
        records = (flatten(collection, dict(zip(rows.names, row, strict=True))) for row in rows.rows)
    checked: list[dict[str, Any]] = []
    for given in records:
        check_required(collection, given)
        checked.append(check_values(collection, given))
    for given in add_computed_fields(collection, checked):
        key = given.get(collection.key)
        if write.expect is not None:
            before = transaction.get(collection.id, str(key)) if key is not None else None
            _check_expect(write.expect, collection, before, str(key), values, transaction)
        fresh.append(put_record(transaction, collection, given))
    return WriteResult(collection.name, "put", tuple(r.key for r in fresh), tuple(fresh))


def _patch(
    transaction: WriteTransaction, write: BoundPatch, values: EvaluationContext, rows: ChosenRows | None
) -> WriteResult:
    targets = _targets(transaction, write, values, rows)
    changed = None if rows is None else rows.changed
    if changed is None:
        changed = [patched_record(transaction, write, before, values) for before in targets]
    fresh = [
        put_record(transaction, write.collection, record) for record in add_computed_fields(write.collection, changed)
    ]
    word = "put" if write.upsert else "patch"
    return WriteResult(write.collection.name, word, tuple(r.key for r in fresh), tuple(fresh))


def _delete(
    transaction: WriteTransaction, write: BoundDelete, values: EvaluationContext, rows: ChosenRows | None
) -> WriteResult:
    if write.key is not None and write.expect is None:  # of a damaged record only the key is known
        keys: tuple[str, ...] = (write.key,)
        if transaction.ordinal(write.collection.id, write.key) is None:
            raise _missing(write.collection, write.key)
    else:
        keys = tuple(record.key for record in _targets(transaction, write, values, rows))
    for key in keys:
        transaction.delete(write.collection.id, key)
    return WriteResult(write.collection.name, "delete", keys)


def _assigned(
    collection: Collection, items: Iterable[NamedExpression], value_of: Callable[[BoundExpression], Value]
) -> dict[str, Any]:
    """The assigned values by field name. Only a parameter can assign a whole object, as JSON."""
    given: dict[str, Any] = {}
    for item in items:
        value = value_of(item.value)
        given |= (
            object_from_json(collection, item.name, value)
            if item.name in collection.fields_by_object
            else {item.name: value}
        )
    return given


def _of_row(expression: BoundExpression, row: SingleRecord, values: EvaluationContext) -> Value:
    return column_to_values(evaluate(expression, row, values))[0]


def rows_visible_in_transaction(
    transaction: WriteTransaction,
    write: BoundWrite,
    values: EvaluationContext,
    chosen: RowVersions,
    touched: Iterable[str],
) -> RowVersions:
    """The rows that a where chooses after earlier writes of its transaction: it is evaluated again on the keys `touched`."""
    assert write.query is not None
    where = write.query.stages[-1]
    assert isinstance(where, WhereStage)
    again = dict.fromkeys(touched)
    found = [(key, version) for key, version in chosen if key not in again]
    for key in again:
        record = transaction.get(write.collection.id, key)
        if (
            record is not None
            and evaluate_mask(where.predicate, SingleRecord(write.collection, record, transaction), values)[0]
        ):
            found.append((key, record.version))
    return found


def _targets(
    transaction: WriteTransaction,
    write: BoundPatch | BoundDelete,
    values: EvaluationContext,
    rows: ChosenRows | None,
) -> list[Record]:
    collection, key = write.collection, write.key
    if key is not None:
        found = transaction.get(collection.id, key)
        if write.expect is not None:
            _check_expect(write.expect, collection, found, key, values, transaction)
        if found is None and isinstance(write, BoundPatch) and write.upsert:
            return [Record(collection.id, -1, key, _NOT_THERE, 0, 0, {collection.key_field.id: key})]
        if found is None:
            raise _missing(collection, key)
        return [found]
    records: list[Record] = []
    for row_key, version in () if rows is None else rows.versions:
        found = transaction.get(collection.id, row_key)
        if found is None or found.version != version:
            raise _changed_meanwhile(collection, row_key)
        records.append(found)
    return records


def _changed_meanwhile(collection: Collection, key: str) -> ChangedMeanwhile:
    """The error of a row that was chosen, and is another one when it is to be written."""
    return ChangedMeanwhile(
        f"{collection.name}:{key} was changed by another write meanwhile", "run the statement again"
    )


def _missing(collection: Collection, key: str) -> ConflictError:
    return ConflictError(f"there is no {collection.name}:{key}", "put it first, or look for its key")


def _check_expect(
    expect: BoundExpect, collection: Collection, before: Record | None, key: str, values: EvaluationContext,
    transaction: WriteTransaction,
) -> None:  # fmt: skip
    name = format_record_ref(collection.name, key)
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
    row = SingleRecord(collection, before, transaction)
    if expect.condition is not None and not bool(evaluate_mask(expect.condition, row, values)[0]):
        raise ConflictError(
            f"{name} is not as expected: it is at version {before.version}{_found(expect.condition, row)}",
            f"read it again and decide anew; write with expect _version == {before.version}",
        )


def _found(condition: BoundExpression, row: SingleRecord) -> str:
    """The values of the fields that a condition reads, except the version, for an error."""
    names = dict.fromkeys(
        p.name for p in walk_expression(condition) if isinstance(p, ColumnRef) and p.name != "_version"
    )
    said = ((name, row.column(name)) for name in names)
    texts = ((name, str(format_value(column_to_values(column)[0], column.type))) for name, column in said)
    return "".join(f", {name} is {text[:VALUE_SHOWN_MAX]}" for name, text in texts)


def constant_context(literals: tuple[Value, ...], parameters: Mapping[str, Any], now_us: int) -> EvaluationContext:
    """The context of expressions outside a query: no links, no snippets. `now_us` is in microseconds since 1970, UTC."""
    return EvaluationContext(literals, parameters, now_us, _no_links, no_snippets)


@dataclass(frozen=True)
class SingleRecord:
    """One record as the single row of an expression."""

    collection: Collection
    record: Record
    store: ReadView

    @property
    def length(self) -> int:
        """Always 1."""
        return 1

    def take(self, rows: Ints) -> SingleRecord:
        """Itself: `rows` can be [0] only."""
        assert rows.tolist() == [0]
        return self

    def column(self, name: str) -> Column:
        """One value: a system column or a field, its default where the record has none; a vector is null."""
        record = self.record
        system: dict[str, Value] = {
            "_key": record.key, "_version": record.version, "_seq": record.seq, "_time": record.time_us,
        }  # fmt: skip
        if name == "_confirmed":
            system[name] = self.store.confirmed_us(self.collection.id, record.key)
        if name in system:
            return column_from_values(SYSTEM_COLUMNS[name], [system[name]])
        field = self.collection.fields_by_name[name]
        if field.type.kind is TypeKind.VECTOR:
            return null_column(field.type, 1)
        return column_from_values(field.type, [record.fields.get(field.id, field.default)])


def _defaults(collection: Collection, record: Record) -> dict[str, Any]:
    """The values of a record that does not exist yet."""
    given = {f.name: f.default for f in collection.fields if not f.is_generated}
    return given | {collection.key: record.key}


def _given(store: ReadView, collection: Collection, record: Record) -> dict[str, Any]:
    """The values of a record by field name, as put takes them: without those that are computed."""
    given: dict[str, Any] = {}
    for field in collection.fields:
        if field.is_generated:
            continue
        if field.type.kind is not TypeKind.VECTOR:
            given[field.name] = record.fields.get(field.id, field.default)
            continue
        stored = next(iter(store.vectors(collection.id, field.id, [record.ordinal])))
        given[field.name] = vector_numbers(stored)
    return given


def _no_links(_: str, name: str, __: Column) -> Column:
    raise EvaluationError("PQ0741", name=name)


_APPLIERS: dict[type, Callable[[WriteTransaction, Any, EvaluationContext, Any], WriteResult]] = {
    BoundPut: _put,
    BoundPatch: _patch,
    BoundDelete: _delete,
}
