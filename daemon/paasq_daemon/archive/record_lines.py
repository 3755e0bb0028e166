"""A record as a line of JSON that anybody can read, and back to what is stored, exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from paasq_daemon.store.record import Record
from paasq_daemon.wire.value_codecs import codec
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.types import TypeKind
from paasq_dsl.values import format_time, parse_time

_OWN = ("_version", "_seq", "_time", "_vectors")


@dataclass(frozen=True)
class RecordLines:
    """Lines of one collection: its fields by their full names, those that were never written left out; then `_version`, `_seq`,
    `_time`, and in `_vectors` the names of the vectors that it has or is to get."""

    collection: Collection

    def encode(self, record: Record, vectors: Sequence[str]) -> dict[str, Any]:
        """The line, as JSON values."""
        line = {name: encode(record.fields[id_]) for id_, name, encode in self._encoders if id_ in record.fields}
        own = (record.version, record.seq, format_time(record.time_us), list(vectors))
        return {self.collection.key: record.key, **line, **dict(zip(_OWN, own, strict=True))}

    def decode(self, line: Mapping[str, Any], ordinal: int) -> Record:
        """The record, under another ordinal. Raises ValueError, KeyError or TypeError on what `encode` never writes."""
        fields = {self._ids[name]: self._decoders[name](value) for name, value in line.items() if name not in _OWN}
        version, seq, time, vectors = (line[name] for name in _OWN)
        by_name = self.collection.fields_by_name
        vector_fields = tuple(by_name[name].id for name in vectors)
        key = line[self.collection.key]
        if not isinstance(key, str):
            raise TypeError(f"{key!r} is no key")
        return Record(self.collection.id, ordinal, key, version, seq, parse_time(time), fields, vector_fields)

    @cached_property
    def _stored(self) -> tuple[Field, ...]:
        return tuple(f for f in self.collection.fields if f.type.kind is not TypeKind.VECTOR)

    @cached_property
    def _encoders(self) -> list[tuple[int, str, Callable[[Any], Any]]]:
        return [(f.id, f.name, codec(str(f.type)).encode) for f in self._stored]

    @cached_property
    def _decoders(self) -> dict[str, Callable[[Any], Any]]:
        return {f.name: codec(str(f.type)).decode for f in self._stored}

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {f.name: f.id for f in self._stored}
