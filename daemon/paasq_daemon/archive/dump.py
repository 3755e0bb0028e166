"""Writing everything of a store into an archive, in constant memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from paasq_daemon.archive.array_lines import write_vectors
from paasq_daemon.archive.history import write_history
from paasq_daemon.archive.record_lines import RecordLines
from paasq_daemon.archive.zip_reader import ARCHIVE_FORMAT_VERSION
from paasq_daemon.archive.zip_writer import ArchiveWriter, writing_archive
from paasq_daemon.store.layout import VECTOR_KEY
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record
from paasq_daemon.wire.catalog_codecs import encode_catalog
from paasq_daemon.wire.errors import StoreError
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.schema.script import schema_script
from paasq_dsl.types import TypeKind
from paasq_dsl.values import format_time

_ODD = re.compile(r"[^\w .-]|^\.")


def dump_store(
    view: ReadView,
    path: Path,
    *,
    vectors: bool = True,
    history: bool = False,
    on_record: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Write what the view sees into the archive `path`, which then is whole and durable; until then what was there stays.

    Without `vectors` those made of text are left out, to be made anew; given ones are data, and stay. With `history` past
    versions, vectors, catalogs and the journal are in it. `on_record` is called at each record and may raise, to end it.
    Returns what the manifest says of it all. Raises StoreError where the file cannot be written, CorruptRecord where a record
    is damaged.
    """
    catalog = view.catalog
    with writing_archive(path) as archive:
        with archive.member("schema.paasq") as member:
            member.write(schema_script(catalog).encode())
        with archive.member("catalog.json") as member:
            member.write_line(encode_catalog(catalog))
        dumps = [_CollectionDump(view, archive, c, vectors, on_record) for c in catalog.collections.values()]
        manifest = {
            "format": ARCHIVE_FORMAT_VERSION,
            "paasq": metadata.version("paasq"),
            "seq": view.seq,
            "time": format_time(view.state.time_us),
            "vectors": vectors,
            "history": write_history(view, archive, vectors=vectors) if history else None,
            "collections": {dump.collection.name: dump.write() for dump in dumps},
        }
        archive.finish(manifest)
    return {name: manifest[name] for name in ("seq", "time", "vectors", "collections")} | {
        "history": history, "bytes": path.stat().st_size,
    }  # fmt: skip


@dataclass(frozen=True)
class _CollectionDump:
    view: ReadView
    archive: ArchiveWriter
    collection: Collection
    all_vectors: bool
    on_record: Callable[[], None]

    def write(self) -> dict[str, Any]:
        """Records, then a pass over them for each vector. What the manifest says of the collection."""
        file = f"records/{file_name(self.collection.name)}.jsonl"
        fields = self.collection.fields_of_kind(TypeKind.VECTOR)
        counts = {f.name: 0 for f in fields}
        lines, records = RecordLines(self.collection), 0
        with self.archive.member(file) as member:
            for record in self._records():
                made, pending = self._vector_states(record, fields)
                for field in made:
                    counts[field.name] += 1
                member.write_line(lines.encode(record, [f.name for f in (*made, *pending)]))
                records += 1
        written = {
            f.name: self._write_vectors(f, counts[f.name])
            for f in fields
            if counts[f.name] and (self.all_vectors or not f.source_fields)
        }
        return {"id": self.collection.id, "file": file, "records": records, "vectors": written}

    def _records(self) -> Iterator[Record]:
        for record in self.view.scan(self.collection.id):
            self.on_record()
            yield record

    def _vector_states(self, record: Record, fields: tuple[Field, ...]) -> tuple[list[Field], list[Field]]:
        """The fields whose vector the record has, and those whose vector is still to be made."""
        there = {f.id for f in fields if self._vector(f, record) is not None}
        rest = (f for f in fields if f.id not in there)
        pending = [f for f in rest if self._is_pending(f, record)]
        return [f for f in fields if f.id in there], pending

    def _vector(self, field: Field, record: Record) -> bytes | None:
        return next(iter(self.view.vectors(self.collection.id, field.id, [record.ordinal])))

    def _is_pending(self, field: Field, record: Record) -> bool:
        name = VECTOR_KEY.pack(self.collection.id, field.id, record.ordinal)
        return self.view.tables.pending.get(self.view.txn, name) is not None

    def _write_vectors(self, field: Field, count: int) -> dict[str, Any]:
        name = f"vectors/{file_name(self.collection.name)}.{file_name(field.name)}"
        size = len(next(vector for _, vector in self._vectors(field))) // 4
        owners = (record.key for record, _ in self._vectors(field))
        rows = (vector for _, vector in self._vectors(field, size))
        write_vectors(self.archive, name, owners, rows, count, size)
        return {"file": name, "rows": count, "size": size}

    def _vectors(self, field: Field, size: int | None = None) -> Iterator[tuple[Record, bytes]]:
        """Each record that has a vector, with it; all have one size."""
        for record in self._records():
            if (vector := self._vector(field, record)) is not None:
                if size is not None and len(vector) != size * 4:
                    raise StoreError(
                        f"{self.collection.name}.{field.name} has vectors of several sizes",
                        "run `paasq embed --replace`",
                    )
                yield record, vector


def file_name(name: str) -> str:
    """A name as one part of a path, with what no path should have as `%` and a number."""
    return _ODD.sub(lambda found: f"%{ord(found[0]):02x}", name)
