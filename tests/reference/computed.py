"""Computed fields, one record at a time."""

from __future__ import annotations

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_dsl.binder.computed_fields import computed_expression
from reference.records import Records, Row
from reference.values import Evaluator, fitted


def with_computed(records: Records, name: str, row: Row) -> Row:
    """A record of a collection, all its other fields given."""
    collection = records.catalog.collections[name]
    evaluator = Evaluator(records, ExecutionInputs((), {}, 0))
    whole = dict(row)
    for field in collection.fields:
        if field.computed is not None:
            whole[field.name] = fitted(evaluator.value(computed_expression(collection, field), whole), field.type)
    return whole
