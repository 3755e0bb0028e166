"""Segments: pieces of the archived journal. Each holds consecutive transactions of one timeline, or marks a snapshot on it.

`journal/FIRST-LAST.TIMELINE.HASH`, where HASH is the BLAKE3 of the file:

| part    | layout                                                                                  |
|---------|-----------------------------------------------------------------------------------------|
| magic   | `PQJRNL02`                                                                              |
| header  | `>I` length, MessagePack: a map of the parts of `SegmentHeader`, and `format`           |
| content | zstd frame: for each transaction `>Q` length, MessagePack: a map of its parts by name   |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from struct import Struct
from typing import Any

import zstandard
from blake3 import blake3

from paasq_daemon.snapshot.storage import JOURNAL
from paasq_daemon.store.entry_codec import decode, encode
from paasq_daemon.store.journal import ChangeKind, JournalEntry, RecordChange
from paasq_daemon.store.record import Record
from paasq_daemon.store.transaction_log import LoggedTransaction
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError
from paasq_dsl.catalog import catalog_from_json, catalog_to_json

SEGMENT_FORMAT = 1
SEGMENT_BYTES_MAX = 4 << 30  # of a file, and of its content: a single transaction of an import may be large
_MAGIC = b"PQJRNL02"
_HEADER = Struct(">I")
_LENGTH = Struct(">Q")
_LEVEL = 3
_NAME = re.compile(r"(\d{1,19})-(\d{1,19})\.([0-9a-f]{8})\.([0-9a-f]{64})")
_RECORD_PARTS = tuple(part.name for part in fields(Record))


@dataclass(frozen=True, slots=True, order=True)
class SegmentName:
    """Transactions `first` to `last`; of a mark `first` is `last + 1`, and it has none."""

    first: int
    last: int
    timeline: str
    hash: str

    @property
    def file(self) -> str:
        """The file's name in the folder `journal`."""
        return f"{self.first}-{self.last}.{self.timeline}.{self.hash}"

    @property
    def path(self) -> str:
        """The file's name in the storage."""
        return f"{JOURNAL}/{self.file}"

    @property
    def is_mark(self) -> bool:
        """Whether it holds no transaction, but says which snapshot was taken after the last one."""
        return self.first > self.last

    def __str__(self) -> str:
        """As people name it in messages."""
        return f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """Times are microseconds since 1970, UTC.

    `previous` is the hash of the segment before this one, empty for the first of its timeline. `state` identifies the
    transaction `last`, without what a forgotten record changes of it; `time_us` is its commit time, `first_time_us` that of
    `first`, `made_us` when the store was read: what it was until then is known. `snapshot` is the hash of a manifest,
    `history_start` the oldest transaction in that snapshot's own journal, and `history_time_us` its time.
    """

    timeline: str
    first: int
    last: int
    previous: str
    state: str
    first_time_us: int
    time_us: int
    made_us: int
    snapshot: str = ""
    history_start: int = 0
    history_time_us: int = 0
    damage: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment that was read, its hash verified; `content` is uncompressed."""

    name: SegmentName
    header: SegmentHeader
    content: bytes = field(repr=False)

    def transactions(self) -> Iterator[LoggedTransaction]:
        """What it holds, in order."""
        at = 0
        while at < len(self.content):
            (length,) = _LENGTH.unpack_from(self.content, at)
            at += _LENGTH.size + length
            yield _decode_transaction(self.content[at - length : at])


def encode_transaction(logged: LoggedTransaction) -> bytes:
    """One transaction as a segment's content has it."""
    payload = encode(
        {
            "seq": logged.entry.seq,
            "time_us": logged.entry.time_us,
            "changes": [
                [c.kind, c.collection, c.key, c.ordinal, c.replaced_ordinal, c.field] for c in logged.entry.changes
            ],
            "record_parts": list(_RECORD_PARTS),
            "records": [[getattr(record, part) for part in _RECORD_PARTS] for record in logged.records.values()],
            "vectors": [[position, field_id, vector] for (position, field_id), vector in logged.vectors.items()],
            "catalogs": [catalog_to_json(catalog) for catalog in logged.catalogs],
            "damage": list(logged.damage),
        }
    )
    return _LENGTH.pack(len(payload)) + payload


def encode_segment(header: SegmentHeader, content: Iterable[bytes] = ()) -> tuple[SegmentName, bytes]:
    """The name and the file of a segment of transactions that were encoded. The same gives the same bytes."""
    head = encode({"format": SEGMENT_FORMAT, **asdict(header)})
    packed = zstandard.ZstdCompressor(level=_LEVEL).compress(b"".join(content))
    file = _MAGIC + _HEADER.pack(len(head)) + head + packed
    return SegmentName(header.first, header.last, header.timeline, blake3(file).hexdigest()), file


def decode_segment(name: SegmentName, file: bytes) -> Segment:
    """Raises SnapshotError where the file is not the one that the name says, FormatTooNew where a newer paasq wrote it."""
    if blake3(file).hexdigest() != name.hash:
        raise changed(name)
    if not file.startswith(_MAGIC):
        raise FormatTooNew(
            f"segment {name} of the archived journal is of another format", "use the paasq that wrote it"
        )
    try:
        (length,) = _HEADER.unpack_from(file, len(_MAGIC))
        start = len(_MAGIC) + _HEADER.size
        parts: dict[str, Any] = decode(file[start : start + length])
        if parts.pop("format") > SEGMENT_FORMAT:
            raise FormatTooNew(
                f"segment {name} of the archived journal is of a newer format", "use the paasq that wrote it"
            )
        header = SegmentHeader(**{**parts, "damage": tuple(parts["damage"])})
        packed = file[start + length :]
        size = zstandard.get_frame_parameters(packed).content_size
        content = zstandard.ZstdDecompressor().decompress(packed, SEGMENT_BYTES_MAX) if size > 0 else b""
    except (ValueError, TypeError, KeyError, zstandard.ZstdError) as error:
        raise changed(name) from error
    if (header.first, header.last, header.timeline) != (name.first, name.last, name.timeline):
        raise changed(name)
    return Segment(name, header, content)


def parse_name(text: str) -> SegmentName | None:
    """None where it is not the name of a segment."""
    found = _NAME.fullmatch(text)
    return SegmentName(int(found[1]), int(found[2]), found[3], found[4]) if found else None


def identify(entry: JournalEntry | None) -> str:
    """What tells a transaction from one of the same number in another history, also after a record of it was forgotten."""
    if entry is None:
        return ""
    written = sorted((c.collection, c.ordinal) for c in entry.changes)
    return blake3(encode([entry.seq, entry.time_us, written])).hexdigest()


def changed(name: SegmentName) -> SnapshotError:
    """The error of a segment whose content is not what it was."""
    return SnapshotError(
        f"segment {name} of the archived journal was changed", f"moments up to {name.first - 1} can be restored"
    )


def _decode_transaction(payload: bytes) -> LoggedTransaction:
    parts = decode(payload)
    changes = tuple(RecordChange(ChangeKind(kind), *rest) for kind, *rest in parts["changes"])
    records = {}
    for values in parts["records"]:
        named = dict(zip(parts["record_parts"], values, strict=True))
        record = Record(**{**named, "vector_fields": tuple(named["vector_fields"])})
        records[record.collection_id, record.ordinal] = record
    return LoggedTransaction(
        JournalEntry(parts["seq"], parts["time_us"], changes),
        records,
        {(position, field_id): vector for position, field_id, vector in parts["vectors"]},
        tuple(catalog_from_json(catalog) for catalog in parts["catalogs"]),
        tuple(parts["damage"]),
    )
