"""Computed fields: their values, evaluated for many records at once, and the check of values that a client sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.columns import column_from_values, column_to_values
from paasq_daemon.kernels.context import EvaluationContext
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.wire.errors import InvalidValue, StoreError
from paasq_daemon.wire.value_codecs import format_value
from paasq_daemon.writes.validation import check_value
from paasq_dsl.binder.computed_fields import computed_expression
from paasq_dsl.bound import BoundExpression
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.values import Value

_COLLECTIONS_REMEMBERED = 256


def add_computed_fields(collection: Collection, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The records (checked values by field name) in their order, each with its computed fields.

    A value that came with a record must be the one that is computed: so a record that was read may be put back.
    Raises InvalidValue, naming record and field, where it is not, or where one can't be computed.
    """
    found = [dict(record) for record in records]
    for computed in (f for f in collection.fields if f.computed is not None):
        values = compute_field(collection, computed, found)
        for record, value in zip(found, values, strict=True):
            given = record.get(computed.name, value)
            if given != value:
                raise InvalidValue(
                    f"{_place(collection, computed, record)} is computed as {computed.computed}, which gives "
                    f"{_shown(computed, value)}, not {_shown(computed, given)}",
                    f"leave {computed.name} out",
                )
            record[computed.name] = value
    return found


def compute_field(collection: Collection, computed: Field, records: Sequence[Mapping[str, Any]]) -> list[Value]:
    """The values of one computed field, in the order of the records.

    Raises InvalidValue, naming the record, where one can't be computed or does not fit the field; StoreError where the
    field's expression is unknown to this version.
    """
    expression = _expression(collection, computed.name)
    try:
        values = column_to_values(evaluate(expression, _Records(collection, records), _NO_CONTEXT))
    except EvaluationError:
        values = [_one_value(collection, computed, expression, record) for record in records]
    return [_fitted(collection, computed, record, value) for record, value in zip(records, values, strict=True)]


@lru_cache(_COLLECTIONS_REMEMBERED)
def _expression(collection: Collection, name: str) -> BoundExpression:
    try:
        return computed_expression(collection, collection.fields_by_name[name])
    except ValueError as error:
        raise StoreError(
            f"{collection.name}.{name} is computed in a way that this version of paasq does not know: {error}",
            f"drop it: alter collection {collection.name} drop field {name}",
        ) from None


def _one_value(
    collection: Collection, computed: Field, expression: BoundExpression, record: Mapping[str, Any]
) -> Value:
    try:
        return column_to_values(evaluate(expression, _Records(collection, [record]), _NO_CONTEXT))[0]
    except EvaluationError as error:
        place = _place(collection, computed, record)
        raise InvalidValue(f"{place} can't be computed: {error.message}", f"it is {computed.computed}") from None


def _fitted(collection: Collection, computed: Field, record: Mapping[str, Any], value: Value) -> Value:
    if value is None and computed.required:
        raise InvalidValue(
            f"{_place(collection, computed, record)} is required, and {computed.computed} gives null",
            "give what it is computed from",
        )
    try:
        return check_value(computed, value)
    except InvalidValue as error:
        raise InvalidValue(
            f"{_place(collection, computed, record)} can't be computed: {error.message}", f"it is {computed.computed}"
        ) from None


def _place(collection: Collection, computed: Field, record: Mapping[str, Any]) -> str:
    """`mail.year of mail:42`"""
    key = record.get(collection.key)
    return f"{collection.name}.{computed.name}" + (f" of {collection.name}:{key}" if key is not None else "")


def _shown(computed: Field, value: Value) -> str:
    return (format_value(value, computed.type) or "null")[:60]


@dataclass(frozen=True)
class _Records:
    """Records by field name as rows for an expression; a field that is not given has its default."""

    collection: Collection
    records: Sequence[Mapping[str, Any]]
    columns: dict[str, Column] = field(default_factory=dict)

    @property
    def length(self) -> int:
        return len(self.records)

    def column(self, name: str) -> Column:
        if name not in self.columns:
            known = self.collection.fields_by_name[name]
            values = [record.get(name, known.default) for record in self.records]
            self.columns[name] = column_from_values(known.type, values)
        return self.columns[name]

    def take(self, rows: Ints) -> _Records:
        return _Records(self.collection, [self.records[row] for row in rows.tolist()])


def _refuse(*_: Any, **__: Any) -> Column:
    raise AssertionError("the binder lets no link and no match into a computed field")


_NO_CONTEXT = EvaluationContext((), {}, 0, _refuse, _refuse)
