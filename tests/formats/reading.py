"""What is read from a kept store: everything it holds, in an order and a form that do not depend on its format."""

from __future__ import annotations

import hashlib
import math
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.manifest import list_manifests
from paasq_daemon.store.historical_view import HistoricalView
from paasq_daemon.store.read_view import ReadView
from paasq_dsl.catalog import Collection, catalog_to_json
from paasq_dsl.types import TypeKind
from paasq_dsl.values import Duration, Value

_SIZE = 8


class KeptEmbedder:
    """The model of kept stores: a direction of 8 numbers from the words of a text. It must never change."""

    identity = "kept@1"
    size = _SIZE

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([_direction(text) for text in texts], np.float32).reshape(len(texts), _SIZE)

    def tokens(self, text: str) -> int:
        return len(text.split())


def extract(archive: Path, into: Path) -> Path:
    """Unpack a kept store; the data folder. Nothing in the archive can leave `into`."""
    with tarfile.open(archive) as tar:
        tar.extractall(into, filter="data")
    return into / "data"


def pack(folder: Path, archive: Path) -> None:
    """The folder of a closed store as an archive, without its locks; the same bytes for the same files."""

    def clean(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        info.uid = info.gid = info.mtime = 0
        info.uname = info.gname = ""
        return None if Path(info.name).name in ("lock", "lock.mdb") else info

    plain = archive.with_suffix(".new")
    with tarfile.open(plain, "w:xz", format=tarfile.PAX_FORMAT) as tar:
        tar.add(folder, "data", filter=clean)
    shutil.move(plain, archive)


def facts(view: ReadView, snapshots: Path) -> dict[str, Any]:
    """The store at large: its moment, its catalog, what it counts, and its snapshots."""
    catalog = view.catalog
    return {
        "seq": view.seq,
        "journal_start": view.journal_start,
        "catalog": catalog_to_json(catalog),
        "live": {c.name: view.live_count(c.id) for c in catalog.collections.values()},
        "pending": {
            f"{c.name}.{f.name}": view.pending_vector_count(c.id, f.id)
            for c in catalog.collections.values()
            for f in c.fields_of_kind(TypeKind.VECTOR)
            if f.source_fields
        },
        "snapshots": [
            {"name": m.name, "created": m.created, "seq": m.seq, "collections": m.collections}
            for m in list_manifests(LocalStorage(snapshots))
        ],
    }


def history(view: ReadView) -> Iterator[dict[str, Any]]:
    """Each change that the journal tells, with the record as it was then; the last of a key is the record as it is."""
    for entry in view.journal(view.journal_start - 1):
        past = HistoricalView(view, entry.seq)
        for change in entry.changes:
            row: dict[str, Any] = {"seq": entry.seq, "time_us": entry.time_us, "change": str(change.kind)}
            if change.collection >= 0:
                known = past.catalog.collections_by_id.get(
                    change.collection
                )  # None where it was dropped with its records
                row |= {"collection": known and known.name, "key": change.key}
                row["record"] = record_of(past, known, change.key) if known and change.key else None  # forgotten
            else:
                row["catalog_version"] = past.catalog.version
            yield row


def by_collection(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `history`, those of one transaction by collection: format 2 does not keep how they alternated."""
    return sorted(rows, key=lambda row: (row["seq"], row["change"] == "catalog", row.get("collection") or ""))


def record_of(view: ReadView, collection: Collection, key: str) -> dict[str, Any] | None:
    """A record's version and values; its vectors as the hexadecimal digits of little-endian float32."""
    record = view.get(collection.id, key)
    if record is None:
        return None
    vectors = {
        f.name: None if raw is None else raw.hex()
        for f in collection.fields_of_kind(TypeKind.VECTOR)
        for raw in view.vectors(collection.id, f.id, [record.ordinal])
    }
    values = {
        n: _plain(v) for n, v in record.field_values(collection).items() if n not in vectors and n != collection.key
    }
    return {"version": record.version, "seq": record.seq, "time_us": record.time_us, "values": values} | (
        {"vectors": vectors} if vectors else {}
    )


def _plain(value: Value) -> Any:
    """For JSON, which keeps each float by its digits: durations and bytes as objects."""
    if isinstance(value, Duration):
        return {"months": value.months, "micros": value.micros}
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def _direction(text: str) -> list[float]:
    total = [0.0] * _SIZE
    for word in text.lower().split():
        digest = hashlib.blake2b(word.encode(), digest_size=_SIZE).digest()
        total = [t + byte - 127.5 for t, byte in zip(total, digest, strict=True)]
    length = math.sqrt(sum(t * t for t in total)) or 1.0
    return [t / length for t in total]
