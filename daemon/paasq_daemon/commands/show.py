"""Answers of show and describe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from typing import Any

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.commands.runner import CommandRunner, CommandServices, table_answer
from paasq_daemon.commands.snapshots import show_snapshots
from paasq_daemon.index.column_statistics import ColumnStatistics
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.services.forget_answers import receipts_answer
from paasq_daemon.store.forget_receipts import read_receipts
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.value_codecs import format_value
from paasq_dsl.bound import BoundDescribe, BoundShow
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.schema.declaration_text import settings_texts
from paasq_dsl.stages import STAGE_BY_KEYWORD, STAGES
from paasq_dsl.types import TypeKind
from paasq_dsl.values import MONTH_MICROS, Duration, Value

_WORDS = (("name", "keyword"), ("form", "text"), ("doc", "text"), ("example", "text"))
_FIELDS = (("field", "keyword"), ("type", "keyword"), ("rules", "text"), ("doc", "text"))
_STATISTICS = (("values", "int"), ("distinct", "int"), ("least", "text"), ("greatest", "text"))


def _show(services: CommandServices, bound: BoundShow, inputs: ExecutionInputs) -> Answer:
    """What there is of one kind, by name."""
    if bound.kind == "snapshots":
        return show_snapshots(services)
    if bound.kind == "retention":
        return _retention(services)
    view = inputs.view
    assert view is not None
    if bound.collection is not None:
        collection = view.catalog.collections[bound.collection.name]
        return _answer(view, _FIELDS, [_field(collection, field) for field in collection.fields])
    return _SHOWN[bound.kind](view)


def _describe(_: CommandServices, bound: BoundDescribe, inputs: ExecutionInputs) -> Answer:
    """A collection field by field, with statistics of its live records; of a function, a stage or a view what it is."""
    view = inputs.view
    assert view is not None
    match bound.kind:
        case "collection":
            return _collection(view, view.catalog.collections[bound.name])
        case "view":
            found = view.catalog.views[bound.name]
            columns = (("name", "keyword"), ("pipeline", "text"), ("doc", "text"))
            return _answer(view, columns, [[found.usage, found.definition, found.doc]])
        case "stage":
            verb = STAGE_BY_KEYWORD[bound.name]
            return _answer(view, _WORDS, [[verb.keyword, verb.synopsis, verb.doc, verb.example]])
        case _:
            function = FUNCTIONS[bound.name]
            return _answer(view, _WORDS, [[function.name, function.usage, function.doc, function.example]])


def _retention(services: CommandServices) -> Answer:
    """What each collection keeps, and what is past that now."""
    columns = (
        ("collection", "keyword"),
        ("keep", "keyword"),
        ("due", "int"),
        ("history", "keyword"),
        ("past_versions", "int"),
    )
    rows = [list(astuple(each)) for each in services.retention.preview()]
    return table_answer(columns, rows, services.store.seq)


def _collections(view: IndexView) -> Answer:
    columns = (("name", "keyword"), ("records", "int"), ("fields", "int"), ("pending_vectors", "int"), ("doc", "text"))
    rows = [
        [c.name, view.store.live_count(c.id), len(c.fields), _pending(view, c), c.doc]
        for c in view.catalog.collections.values()
    ]
    return _answer(view, columns, rows)


def _views(view: IndexView) -> Answer:
    columns = (("name", "keyword"), ("pipeline", "text"), ("doc", "text"))
    return _answer(view, columns, [[v.usage, v.definition, v.doc] for v in view.catalog.views.values()])


def _functions(view: IndexView) -> Answer:
    columns = (("name", "keyword"), ("kind", "keyword"), ("form", "text"), ("doc", "text"))
    return _answer(view, columns, [[f.name, str(f.kind), f.usage, f.doc] for f in FUNCTIONS.values()])


def _stages(view: IndexView) -> Answer:
    return _answer(view, _WORDS[:3], [[verb.keyword, verb.synopsis, verb.doc] for verb in STAGES])


def _forgotten(view: IndexView) -> Answer:
    """The receipts, the oldest first; of a forget that is not finished without a time."""
    return receipts_answer(read_receipts(view.store), view.seq)


def _collection(view: IndexView, collection: Collection) -> Answer:
    """A row for the collection, then one for each field."""
    live = view.store.live_count(collection.id)
    rules = ", ".join([f"{live} records", *settings_texts(collection)])
    head: list[Any] = [collection.name, "collection", rules, collection.doc, None, None, None, None]
    rows = [[*_field(collection, field), *_statistics(view, collection, field)] for field in collection.fields]
    return _answer(view, (*_FIELDS, *_STATISTICS), [head, *rows])


def _field(collection: Collection, field: Field) -> list[Any]:
    rules = [
        *([] if field.computed is None else [f"= {field.computed}"]),
        *(["key"] if field.name == collection.key else ["required"] if field.required else []),
        *(["unique"] if field.unique else []),
        *([] if field.default is None else [f"default {format_value(field.default, str(field.type))}"]),
        *([f"from {', '.join(field.source_fields)}"] if field.source_fields else []),
    ]
    return [field.name, str(field.type), " ".join(rules), field.doc]


def _statistics(view: IndexView, collection: Collection, field: Field) -> list[Any]:
    """Nulls for what is no column: text and vectors are kept apart."""
    try:
        found: ColumnStatistics = view.collection(collection.name).statistics(field.name)
    except KeyError:
        return [None] * 4
    item = str(field.type.item or field.type)
    ends = (format_value(_end(end, item), item) for end in (found.minimum, found.maximum))
    return [found.rows - found.nulls, found.distinct, *ends]


def _end(value: Value, type_: str) -> Value:
    """Statistics know a duration by its length alone; one of whole months is shown as such."""
    if type_ != str(TypeKind.DURATION) or not isinstance(value, int):
        return value
    months, rest = divmod(value, MONTH_MICROS)
    return Duration(0, value) if rest else Duration(months)


def _pending(view: IndexView, collection: Collection) -> int:
    return sum(
        view.store.pending_vector_count(collection.id, field.id) for field in collection.fields if field.source_fields
    )


def _answer(view: IndexView, columns: Sequence[tuple[str, str]], rows: list[list[Any]]) -> Answer:
    return table_answer(columns, rows, view.seq)


_SHOWN: dict[str, Callable[[IndexView], Answer]] = {
    "collections": _collections,
    "views": _views,
    "functions": _functions,
    "stages": _stages,
    "forgotten": _forgotten,
}
RUNNERS: Mapping[type, CommandRunner] = {BoundShow: _show, BoundDescribe: _describe}
