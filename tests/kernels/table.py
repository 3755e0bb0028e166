"""Four rows with a null in each column, and what expressions of the language give over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from paasq_daemon.index.column import Column, DictionaryColumn, Ints, ListColumn
from paasq_daemon.kernels.columns import column_from_values, column_to_values
from paasq_daemon.kernels.context import SnippetMode
from paasq_daemon.kernels.evaluate import EvaluationContext, RowSet, evaluate
from paasq_dsl.binder.script import bind_script
from paasq_dsl.bound import BoundExpression, BoundQuery, ExtendStage
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.types import (
    BOOL,
    BYTES,
    DURATION,
    FLOAT,
    INT,
    KEYWORD,
    TEXT,
    TIME,
    Type,
    link_to,
    list_of,
    vector_of,
)  # fmt: skip
from paasq_dsl.values import Duration, Value, parse_time

DAY = 86_400_000_000
NOW = parse_time("2026-11-22T12:00Z")

COLUMNS: Mapping[str, tuple[Type, list[Value]]] = {
    "n": (INT, [3, None, -2, 0]),
    "f": (FLOAT, [1.5, 0.0, None, -2.5]),
    "ok": (BOOL, [True, False, None, True]),
    "s": (KEYWORD, ["b", "a", None, "b"]),
    "other": (KEYWORD, ["b", None, None, "c"]),
    "text": (TEXT, ["Ab cd", None, " x ", "b"]),
    "owner": (link_to("person"), ["ana", "bo", None, "nobody"]),
    "friends": (list_of(link_to("person")), [["ana", "bo"], [], None, ["nobody", "ana"]]),
    "at_": (TIME, [parse_time("2024-02-29T10:30Z"), None, parse_time("1969-12-31T23:59:59Z"), NOW]),
    "long": (DURATION, [Duration(0, DAY), None, Duration(0, -DAY), Duration()]),
    "tags": (list_of(KEYWORD), [["b", "a"], [], None, ["b", None]]),
    "more": (list_of(KEYWORD), [["a"], [], ["a"], ["b", "z"]]),
    "ns": (list_of(INT), [[1, 2, 2], [], None, [3]]),
    "data": (BYTES, [b"\x00\xff", None, b"", b"b"]),
    "v": (vector_of(2), [[1.0, 0.0], None, [3.0, 4.0], [0.0, 0.0]]),
}
PEOPLE: Mapping[str, str] = {"ana": "Ana", "bo": "Bo"}


@dataclass(frozen=True)
class Table:
    columns: Mapping[str, Column]
    length: int

    def column(self, name: str) -> Column:
        return self.columns[name]

    def take(self, rows: Ints) -> Table:
        return Table({name: column.take(rows) for name, column in self.columns.items()}, len(rows))


def catalog(columns: Mapping[str, tuple[Type, list[Value]]]) -> Catalog:
    fields = tuple(Field(i, name, type_) for i, (name, (type_, _)) in enumerate(columns.items(), 1))
    key = Field(0, "id", KEYWORD)
    person = Collection(2, "person", (key, Field(1, "name", KEYWORD)), "id")
    return Catalog(1, {"row": Collection(1, "row", (key, *fields), "id"), "person": person})


def bound(text: str, columns: Mapping[str, tuple[Type, list[Value]]] = COLUMNS) -> BoundExpression:
    """The expression, bound where rows have these columns and a match went before."""
    script, faults = parse_script(f"from row | extend x = {text};")
    result = bind_script(script, catalog(columns))
    assert not faults, faults
    assert not result.diagnostics, result.diagnostics
    query = result.statements[-1]
    assert isinstance(query, BoundQuery)
    stage = query.stages[-1]
    assert isinstance(stage, ExtendStage)
    return stage.items[0].value


def rows(columns: Mapping[str, tuple[Type, list[Value]]] = COLUMNS) -> Table:
    length = len(next(iter(columns.values()))[1])
    return Table({name: column_from_values(type_, values) for name, (type_, values) in columns.items()}, length)


def run(**parameters: Any) -> EvaluationContext:
    return EvaluationContext((), parameters, NOW, traverse, cut)


def values(text: str, **parameters: Any) -> list[Value]:
    """What an expression gives over the four rows."""
    return column_to_values(evaluate(bound(text), rows(), run(**parameters)))


def traverse(collection: str, field: str, links: Column) -> Column:
    assert (collection, field) == ("person", "name")
    if isinstance(links, ListColumn):
        lists = cast("list[list[str] | None]", column_to_values(links))
        names: list[Value] = [None if v is None else [PEOPLE[k] for k in v if k in PEOPLE] for v in lists]
        return column_from_values(list_of(KEYWORD), names)
    assert isinstance(links, DictionaryColumn)
    return column_from_values(KEYWORD, [PEOPLE.get(str(k)) for k in column_to_values(links)])


def cut(_: RowSet, text: Column, characters: int | None, shown: SnippetMode) -> Column:
    if shown is SnippetMode.PLACES:
        return column_from_values(
            list_of(INT), [None if v is None else [0, len(str(v))] for v in column_to_values(text)]
        )
    mark = "«!»" if shown is SnippetMode.MARKED else ""
    return column_from_values(TEXT, [None if v is None else str(v)[:characters] + mark for v in column_to_values(text)])
