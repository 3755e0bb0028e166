"""The past of a store in an archive: every version of a record that is kept, catalogs, and the journal.

| member | a line for each | of |
|---|---|---|
| `history/catalogs.jsonl` | catalog | as in `catalog.json` |
| `history/journal.jsonl` | transaction | sequence number, time, changes |
| `history/versions.jsonl` | version | collection, ordinal, key, version, sequence number, time, values, vectors, live, pending |
| `history/receipts.jsonl` | forget | its receipt, the hash of it, and what is needed to go on where it is not finished |
| `history/forgotten.jsonl` | forgotten version | collection, ordinal, the sequence number at which it was erased |
| `history/<collection id>.<field id>.<size>.npy` | | vectors of versions that are not live, by ordinal |

A value is its field's id, its type, and itself; a vector its field's id; collections are named by their ids. Archives from before
receipts and forgotten versions were kept have neither member.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from paasq_daemon.archive.array_lines import read_vectors, write_vectors
from paasq_daemon.archive.zip_reader import ArchiveReader
from paasq_daemon.archive.zip_writer import ArchiveWriter
from paasq_daemon.store.forget_receipts import export_receipts, last_receipt_number
from paasq_daemon.store.journal import ChangeKind, JournalEntry, RecordChange
from paasq_daemon.store.layout import COLLECTION_KEY, RECORD_KEY, SEQ_KEY, VECTOR_KEY
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record, decode_record
from paasq_daemon.store.store_import import ImportTransaction
from paasq_daemon.wire.catalog_codecs import decode_catalog, encode_catalog
from paasq_daemon.wire.value_codecs import decode, encode
from paasq_dsl.catalog import Catalog

_CATALOGS, _JOURNAL, _VERSIONS, _RECEIPTS, _FORGOTTEN = (
    f"history/{name}.jsonl" for name in ("catalogs", "journal", "versions", "receipts", "forgotten")
)


def write_history(view: ReadView, archive: ArchiveWriter, *, vectors: bool) -> dict[str, Any]:
    """Write it; returns what the manifest says of it. Without `vectors` those made of text are left out, and pending."""
    catalogs = [c for version in range(1, view.catalog.version + 1) if (c := view.past_catalog(version)) is not None]
    types = _types(catalogs)
    left_out = set() if vectors else _made_of_text(catalogs)
    with archive.member(_CATALOGS) as member:
        for catalog in catalogs:
            member.write_line(encode_catalog(catalog))
    with archive.member(_JOURNAL) as member:
        for entry in view.kept_journal():
            changes = [[c.kind, c.collection, c.key, c.ordinal, c.replaced_ordinal, c.field] for c in entry.changes]
            member.write_line([entry.seq, entry.time_us, changes])
    counters = view.all_collection_counters()
    with archive.member(_VERSIONS) as member:
        for collection_id in counters:
            for record in _versions(view, collection_id):
                member.write_line(_version_line(view, record, types, left_out))
    with archive.member(_RECEIPTS) as member:
        for exported in export_receipts(view):
            member.write_line(exported)
    with archive.member(_FORGOTTEN) as member:
        for key, seq in view.tables.forgotten.scan(view.txn):
            member.write_line([*RECORD_KEY.unpack(key), *SEQ_KEY.unpack(seq)])
    return {
        "journal_start": view.journal_start,
        "catalog_start": view.state.catalog_start,
        "receipt": last_receipt_number(view),
        "collections": {
            str(id_): {"next_ordinal": state.next_ordinal, "journal_start": state.journal_start}
            for id_, state in counters.items()
        },
        "vectors": [
            written
            for id_, state in counters.items()
            for field_id in state.vectors
            if (id_, field_id) not in left_out
            for written in _write_vectors(view, archive, id_, field_id)
        ],
    }


def read_catalogs(archive: ArchiveReader) -> Iterator[Catalog]:
    """The catalogs, oldest first."""
    return map(decode_catalog, archive.lines(_CATALOGS))


def read_journal(archive: ArchiveReader) -> Iterator[JournalEntry]:
    """The transactions, oldest first."""
    for seq, time_us, changes in archive.lines(_JOURNAL):
        yield JournalEntry(seq, time_us, tuple(RecordChange(ChangeKind(kind), *rest) for kind, *rest in changes))


def read_versions(archive: ArchiveReader) -> Iterator[tuple[Record, bool, list[int]]]:
    """Each version with whether it is live, and the fields, by id, of which it has or is to get a vector."""
    for of, ordinal, key, version, seq, time_us, values, vector_fields, live, pending in archive.lines(_VERSIONS):
        fields = {id_: decode(value, type_) for id_, type_, value in values}
        yield Record(of, ordinal, key, version, seq, time_us, fields, tuple(vector_fields)), live, pending


def read_past_vectors(archive: ArchiveReader, transaction: ImportTransaction) -> None:
    """Write the vectors of the versions that are not live."""
    for written in archive.manifest["history"]["vectors"]:
        for ordinal, vector in read_vectors(archive, written["file"]):
            transaction.import_vector(written["collection"], written["field"], ordinal, vector, live=False)


def read_receipts(archive: ArchiveReader) -> Iterator[list[Any]]:
    """Receipts of forgets as `import_receipt` takes them, the oldest first; none where the archive has no list of them."""
    return archive.lines(_RECEIPTS) if _RECEIPTS in archive.manifest["files"] else iter(())


def read_tombstones(archive: ArchiveReader) -> Iterator[list[int]]:
    """Collection, ordinal and sequence number of each forgotten version; none where the archive has no list of them."""
    return archive.lines(_FORGOTTEN) if _FORGOTTEN in archive.manifest["files"] else iter(())


def _types(catalogs: list[Catalog]) -> dict[tuple[int, int], str]:
    """The type of each field that ever was, by the ids of collection and field."""
    return {(c.id, f.id): str(f.type) for catalog in catalogs for c in catalog.collections.values() for f in c.fields}


def _made_of_text(catalogs: list[Catalog]) -> set[tuple[int, int]]:
    return {
        (c.id, f.id) for catalog in catalogs for c in catalog.collections.values() for f in c.fields if f.source_fields
    }


def _versions(view: ReadView, collection_id: int) -> Iterator[Record]:
    for key, body in view.tables.bodies.scan(view.txn, COLLECTION_KEY.pack(collection_id)):
        yield decode_record(collection_id, RECORD_KEY.unpack(key)[1], body)


def _version_line(
    view: ReadView, record: Record, types: Mapping[tuple[int, int], str], left_out: set[tuple[int, int]]
) -> list[Any]:
    of = record.collection_id
    typed = [(id_, types.get((of, id_), "any"), value) for id_, value in record.fields.items()]
    values = [[id_, type_, encode(value, type_)] for id_, type_, value in typed]
    counters, tables = view.collection_counters(of), view.tables
    live = view.ordinal(of, record.key) == record.ordinal
    names = {id_: VECTOR_KEY.pack(of, id_, record.ordinal) for id_ in {*counters.pending, *counters.vectors}}
    pending = [id_ for id_, name in names.items() if tables.pending.get(view.txn, name) is not None]
    if live:
        again = (id_ for id_ in names if (of, id_) in left_out)
        pending += [id_ for id_ in again if tables.vectors.get(view.txn, names[id_]) is not None]
    return [
        of, record.ordinal, record.key, record.version, record.seq, record.time_us, values, record.vector_fields, live, pending,
    ]  # fmt: skip


def _write_vectors(
    view: ReadView, archive: ArchiveWriter, collection_id: int, field_id: int
) -> Iterator[dict[str, Any]]:
    """An array for each size: models may have changed."""
    counts = Counter(len(vector) for _, vector in _past_vectors(view, collection_id, field_id))
    for size, count in sorted(counts.items()):
        name = f"history/{collection_id}.{field_id}.{size // 4}"
        owners = (ordinal for ordinal, v in _past_vectors(view, collection_id, field_id) if len(v) == size)
        rows = (vector for _, vector in _past_vectors(view, collection_id, field_id) if len(vector) == size)
        write_vectors(archive, name, owners, rows, count, size // 4)
        yield {"collection": collection_id, "field": field_id, "file": name, "rows": count}


def _past_vectors(view: ReadView, collection_id: int, field_id: int) -> Iterator[tuple[int, bytes]]:
    for record in _versions(view, collection_id):
        if view.ordinal(collection_id, record.key) != record.ordinal:
            vector = view.tables.vectors.get(view.txn, VECTOR_KEY.pack(collection_id, field_id, record.ordinal))
            if vector is not None:
                yield record.ordinal, vector
