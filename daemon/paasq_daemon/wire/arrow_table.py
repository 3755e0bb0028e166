"""Answers as Arrow tables, and through them as pandas and polars data frames. The three packages are optional.

| type | Arrow | |
|---|---|---|
| keyword, text, link | string | a link as its key |
| int, float, bool | int64, double, bool | |
| time | timestamp[us, UTC] | |
| duration | struct<months: int64, time: duration[us]> | a month has no length of its own |
| vector(n) | fixed_size_list<float>[n] | |
| bytes | binary | |
| list | list, item by item | |
| object | struct, member by member | |
| null | null | |
| any | string | as JSON |

Null is null everywhere. The types follow from the columns alone, whatever the values: the tables of an answer's parts can be
put together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeAlias

from paasq_daemon.wire.json_rpc import dump
from paasq_daemon.wire.value_codecs import codec, member_types

Convert: TypeAlias = Callable[[Any], Any]


def optional_package(name: str, extra: str) -> Any:
    """The package. Raises ImportError, with the command that installs it, where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"{name} is not installed: pip install 'paasq[{extra}]'", name=name) from error


def arrow_table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> Any:
    """A pyarrow.Table of the columns, by name and type as `str(Type)` writes it; `rows` have engine values, one a column.

    Raises ImportError where pyarrow is not installed.
    """
    arrow = optional_package("pyarrow", "arrow")
    schema = arrow.schema([arrow.field(name, _arrow_type(arrow, type_)) for name, type_ in columns])
    arrays = []
    for at, (field, (_, type_)) in enumerate(zip(schema, columns, strict=True)):
        convert, values = _converter(type_), [row[at] for row in rows]
        arrays.append(arrow.array(values if convert is None else [convert(value) for value in values], field.type))
    return arrow.Table.from_arrays(arrays, schema=schema)


def pandas_frame(table: Any) -> Any:
    """A pandas.DataFrame over the memory of an Arrow table: columns have Arrow's types, so that an int with nulls stays one.
    Raises ImportError where pandas is not installed."""
    pandas = optional_package("pandas", "pandas")
    return table.to_pandas(types_mapper=pandas.ArrowDtype)


def polars_frame(table: Any) -> Any:
    """A polars.DataFrame over the memory of an Arrow table. Raises ImportError where polars is not installed."""
    return optional_package("polars", "polars").from_arrow(table)


def _arrow_type(arrow: Any, type_name: str) -> Any:
    if type_name.startswith("["):
        return arrow.list_(_arrow_type(arrow, type_name[1:-1]))
    if type_name.startswith("{"):
        return arrow.struct([(name, _arrow_type(arrow, inner)) for name, inner in member_types(type_name).items()])
    match _kind(type_name):
        case "int":
            return arrow.int64()
        case "float":
            return arrow.float64()
        case "bool":
            return arrow.bool_()
        case "time":
            return arrow.timestamp("us", tz="UTC")
        case "duration":
            return arrow.struct([("months", arrow.int64()), ("time", arrow.duration("us"))])
        case "bytes":
            return arrow.binary()
        case "null":
            return arrow.null()
        case "vector":
            size = type_name.partition("(")[2].removesuffix(")")
            return arrow.list_(arrow.float32(), int(size) if size.isdigit() else -1)
        case _:
            return arrow.string()


def _converter(type_name: str) -> Convert | None:
    """From engine values to what pyarrow takes; None where it takes them as they are."""
    if type_name.startswith("["):
        item = _converter(type_name[1:-1])
        return None if item is None else lambda values: None if values is None else [item(value) for value in values]
    if type_name.startswith("{"):
        members = {name: _converter(inner) for name, inner in member_types(type_name).items()}
        changed = {name: convert for name, convert in members.items() if convert is not None}
        return _struct(changed) if changed else None
    kind = _kind(type_name)
    if kind == "duration":
        return lambda value: None if value is None else {"months": value.months, "time": value.micros}
    return _json_text if kind not in _AS_THEY_ARE else None


def _struct(changed: dict[str, Convert]) -> Convert:
    def convert(value: Any) -> Any:
        return None if value is None else value | {name: each(value[name]) for name, each in changed.items()}

    return convert


def _json_text(value: Any) -> str | None:
    return None if value is None else dump(codec("any").encode(value)).decode()


def _kind(type_name: str) -> str:
    return type_name.partition("(")[0].partition("<")[0]


_AS_THEY_ARE = frozenset({"keyword", "text", "link", "int", "float", "bool", "time", "bytes", "vector", "null"})
