"""Columns being built: one class a physical layout of `column`, each made of append-only parts that go to files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.append_array import AppendArray
from paasq_daemon.index.column import Codes, Column, DictionaryColumn, FlatColumn, ListColumn, Objects
from paasq_dsl.types import Type, TypeKind
from paasq_dsl.values import Duration, Value

Parts: TypeAlias = "dict[str, AppendArray[Any]]"
Loaded: TypeAlias = "Mapping[str, NDArray[Any]]"

_DTYPES: dict[TypeKind, type[np.generic]] = {
    TypeKind.INT: np.int64,
    TypeKind.TIME: np.int64,
    TypeKind.DURATION: np.int64,
    TypeKind.FLOAT: np.float64,
    TypeKind.BOOL: np.bool_,
}
_EMPTY: Loaded = {}


class ColumnBuilder(Protocol):
    """A column that grows. `parts` are the arrays of its data, by their names in files; they are given back as `loaded`."""

    type: Type
    parts: Parts

    def extend(self, values: Sequence[Value]) -> None:
        """Append a value a row; None is null."""

    def column(self, length: int) -> Column:
        """The first `length` rows as an immutable column; later appends do not change it."""
        ...


def column_builder(type_: Type, loaded: Loaded = _EMPTY) -> ColumnBuilder:
    """An empty builder for a type that `has_column`, or one that continues loaded arrays."""
    if type_.kind is TypeKind.LIST:
        return ListBuilder(type_, loaded)
    return FlatBuilder(type_, loaded) if type_.kind in _DTYPES else DictionaryBuilder(type_, loaded)


def has_column(type_: Type) -> bool:
    """Whether fields of the type are columns: all but text and vectors, which have indexes of their own."""
    kind = type_.item.kind if type_.item else type_.kind
    return kind in _DTYPES or kind in (TypeKind.KEYWORD, TypeKind.LINK)


class FlatBuilder:
    """Numbers, times and booleans. A duration is held in microseconds, a month of it as `MONTH_MICROS`."""

    def __init__(self, type_: Type, loaded: Loaded = _EMPTY) -> None:
        self.type = type_
        self._values = AppendArray(_DTYPES[type_.kind], loaded.get("values"))
        self._valid = AppendArray(np.bool_, loaded.get("valid"))
        self._nulls = len(self._valid) - int(np.count_nonzero(self._valid.array()))
        self.parts: Parts = {"values": self._values, "valid": self._valid}

    def extend(self, values: Sequence[Value]) -> None:
        valid = _validity(values)
        self._nulls += len(values) - int(np.count_nonzero(valid))
        numbers: Iterable[Any] = (0 if v is None else v for v in values)
        if self.type.kind is TypeKind.DURATION:
            numbers = (v.length_us if isinstance(v, Duration) else 0 for v in values)
        self._values.extend(np.fromiter(numbers, self._values.dtype, len(values)))
        self._valid.extend(valid)

    def column(self, length: int) -> FlatColumn:
        return FlatColumn(self.type, self._values.array(length), self._valid.array(length) if self._nulls else None)


class DictionaryBuilder:
    """Strings as codes into a dictionary that only grows. The dictionary is decoded when first asked for."""

    def __init__(self, type_: Type, loaded: Loaded = _EMPTY) -> None:
        self.type = type_
        self._codes = AppendArray(np.int32, loaded.get("codes"))
        self._utf8 = AppendArray(np.uint8, loaded.get("utf8"))
        self._ends = AppendArray(np.int64, loaded.get("ends"))
        self._dictionary: AppendArray[np.object_] | None = None
        self._decoding = Lock()
        self._code_of: dict[str, int] | None = None
        self.parts: Parts = {"codes": self._codes, "utf8": self._utf8, "ends": self._ends}

    def extend(self, values: Sequence[Value]) -> None:
        dictionary = self._decoded()
        if self._code_of is None:
            self._code_of = {word: code for code, word in enumerate(dictionary.array())}
        code_of, fresh = self._code_of, list[str]()
        codes: Codes = np.full(len(values), -1, np.int32)
        for row, value in enumerate(values):
            if isinstance(value, str):
                code = code_of.setdefault(value, len(code_of))
                if code == len(dictionary) + len(fresh):
                    fresh.append(value)
                codes[row] = code
        if fresh:
            raw = [word.encode("utf-8", "surrogatepass") for word in fresh]
            start = len(self._utf8)
            self._utf8.extend(np.frombuffer(b"".join(raw), np.uint8))
            self._ends.extend(start + np.cumsum([len(r) for r in raw], dtype=np.int64))
            dictionary.extend(_objects(fresh))
        self._codes.extend(codes)

    def column(self, length: int) -> DictionaryColumn:
        codes = self._codes.array(length)
        return DictionaryColumn(self.type, codes, self._decoded().array())

    def _decoded(self) -> AppendArray[np.object_]:
        with self._decoding:
            if self._dictionary is None:
                raw, ends = self._utf8.array().tobytes(), self._ends.array().tolist()
                words = [raw[a:b].decode("utf-8", "surrogatepass") for a, b in zip([0, *ends], ends, strict=False)]
                self._dictionary = AppendArray(np.object_, _objects(words))
            return self._dictionary


class ListBuilder:
    """Lists: where each row's items end, and the items in a builder of their own type."""

    def __init__(self, type_: Type, loaded: Loaded = _EMPTY) -> None:
        assert type_.item is not None
        self.type = type_
        inner = {name.removeprefix("items."): part for name, part in loaded.items() if name.startswith("items.")}
        self._items: FlatBuilder | DictionaryBuilder = (
            FlatBuilder(type_.item, inner) if type_.item.kind in _DTYPES else DictionaryBuilder(type_.item, inner)
        )
        # an offset more than rows: the first is 0, and is not missing in a file that was written
        self._offsets = AppendArray(np.int64, loaded.get("offsets", np.zeros(1, np.int64)))
        self._valid = AppendArray(np.bool_, loaded.get("valid"))
        self._nulls = len(self._valid) - int(np.count_nonzero(self._valid.array()))
        self.parts: Parts = {"offsets": self._offsets, "valid": self._valid}
        self.parts |= {f"items.{name}": part for name, part in self._items.parts.items()}

    def extend(self, values: Sequence[Value]) -> None:
        lists: list[list[Value]] = [v if isinstance(v, list) else [] for v in values]
        lengths = np.fromiter(map(len, lists), np.int64, len(lists))
        valid = _validity(values)
        self._nulls += len(values) - int(np.count_nonzero(valid))
        self._offsets.extend(self._offsets.array()[-1] + np.cumsum(lengths))
        self._valid.extend(valid)
        self._items.extend([item for items in lists for item in items])

    def column(self, length: int) -> ListColumn:
        offsets = self._offsets.array(length + 1)
        valid = self._valid.array(length) if self._nulls else None
        return ListColumn(self.type, offsets, self._items.column(int(offsets[-1])), valid)


def _validity(values: Sequence[Value]) -> NDArray[np.bool_]:
    return np.fromiter((v is not None for v in values), np.bool_, len(values))


def _objects(words: list[str]) -> Objects:
    array = np.empty(len(words), np.object_)
    array[:] = words
    return array
