"""The journal archived beside the snapshots: what leads from one of them to any later moment.

Segments follow each other on a timeline. A snapshot begins one, and marks its place on it. A store goes on with the
timeline whose last transaction is its own; one that was restored to an earlier moment and written to begins a new one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from secrets import token_hex

from paasq_daemon.snapshot.journal_segment import (
    SEGMENT_BYTES_MAX,
    Segment,
    SegmentHeader,
    SegmentName,
    decode_segment,
    encode_segment,
    encode_transaction,
    identify,
    parse_name,
)
from paasq_daemon.snapshot.manifest import Manifest
from paasq_daemon.snapshot.storage import JOURNAL, Storage
from paasq_daemon.store.journal import JournalEntry
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_daemon.store.transaction_log import LoggedTransaction, read_transactions
from paasq_daemon.wire.errors import CorruptRecord, FormatTooNew, SnapshotError, StoreError

_CONTENT_BYTES = 8 << 20  # after which a segment ends, at the next transaction
_MERGED_BYTES_MAX = 32 << 20  # of the files that are read and written again at a snapshot
_MERGED_COUNT_MIN = 2


@dataclass(frozen=True, slots=True)
class ArchiveResult:
    """`last` is the sequence number up to which the journal is archived; the rest says what was written for it."""

    last: int
    segments: int = 0
    size_bytes: int = 0
    damage: tuple[str, ...] = ()


def archive_journal(store: Store, storage: Storage) -> ArchiveResult | None:
    """Archive the transactions that came since the last archived one, durably.

    None where the archive does not reach this store: a snapshot must begin it. Raises SnapshotError where another process
    works on the storage, CorruptRecord where the journal is damaged.
    """
    with storage.exclusive(), store.read() as view:
        return append_journal(storage, view)


def append_journal(storage: Storage, view: ReadView) -> ArchiveResult | None:
    """As `archive_journal`, of a view. The caller has the storage for itself."""
    tip = _find_tip(storage, view)
    return None if tip is None else _Appending(storage, view, tip.header.timeline, tip.name.hash).append(tip.name.last)


def archive_up_to_snapshot(storage: Storage, view: ReadView, manifest: Manifest) -> None:
    """Archive what came since the last time, and mark the place of a snapshot of this view, which may not be there yet.

    Where the archive does not reach it, or the journal is damaged, the snapshot begins a new timeline. The caller has the
    storage for itself.
    """
    tip = _find_tip(storage, view)
    if tip is not None:
        appending = _Appending(storage, view, tip.header.timeline, tip.name.hash)
        try:
            appending.append(tip.name.last)
        except CorruptRecord:
            tip = None
        else:
            replaced = appending.merge()
            appending.mark(manifest)
            remove_segments(storage, replaced)
    if tip is None:
        _Appending(storage, view, token_hex(4), "").mark(manifest)


def mark_again(storage: Storage, old: Manifest, new: Manifest) -> None:
    """Give a snapshot that is to take the place of an old one the same place on its timeline, if that had one. The caller has
    the storage for itself."""
    for names in list_segments(storage).values():
        for name in (name for name in names if name.is_mark and name.last == old.seq):
            header = read_segment(storage, name).header
            if header.snapshot == old.hash:
                write_segment(storage, replace(header, snapshot=new.hash), [])
    storage.sync(JOURNAL)


def list_segments(storage: Storage) -> dict[str, list[SegmentName]]:
    """The segments of each timeline, in the order of their transactions; without those that one of more transactions replaced,
    and that a kill left there."""
    return {timeline: _not_replaced(names) for timeline, names in list_files(storage).items()}


def list_files(storage: Storage) -> dict[str, list[SegmentName]]:
    """All segments of each timeline that there are."""
    timelines: dict[str, list[SegmentName]] = {}
    for name in sorted(filter(None, map(parse_name, storage.sizes(JOURNAL)))):
        timelines.setdefault(name.timeline, []).append(name)
    return timelines


def read_segment(storage: Storage, name: SegmentName) -> Segment:
    """Raises SnapshotError where it is lost or was changed, FormatTooNew where a newer paasq wrote it."""
    try:
        return decode_segment(name, storage.read(name.path, SEGMENT_BYTES_MAX))
    except (FileNotFoundError, NotADirectoryError):
        raise SnapshotError(
            f"segment {name} of the archived journal is lost", f"moments up to {name.first - 1} can be restored"
        ) from None


def write_segment(storage: Storage, header: SegmentHeader, content: list[bytes]) -> tuple[SegmentName, int]:
    """Write a segment; its name and its bytes. Durable after the journal's folder is synced."""
    name, file = encode_segment(header, content)
    storage.write(name.path, file)
    return name, len(file)


def remove_segments(storage: Storage, names: list[SegmentName]) -> None:
    """Remove segments, durably; the newest first, so that each that is there follows one."""
    for name in reversed(names):
        storage.remove(name.path)
    if names:
        storage.sync(JOURNAL)


class _Appending:
    """Writes segments of what a view holds at the end of a timeline."""

    def __init__(self, storage: Storage, view: ReadView, timeline: str, previous: str) -> None:
        self._storage = storage
        self._view = view
        self._timeline = timeline
        self._previous = previous
        self._made_us = max(time.time_ns() // 1000, view.state.time_us)

    def append(self, after: int) -> ArchiveResult:
        written = size_bytes = 0
        damage: list[str] = []
        for group, content in _grouped(read_transactions(self._view, after)):
            last = group[-1].entry
            found = tuple(each for logged in group for each in logged.damage)
            size_bytes += self._write(group[0].entry, last, content, found)
            damage += found
            written += 1
        if written:
            self._storage.sync(JOURNAL)
        return ArchiveResult(self._view.seq, written, size_bytes, tuple(damage))

    def merge(self) -> list[SegmentName]:
        """Write the segments since the last mark as few; those that are then to be removed. Where that is much to write, or one
        cannot be read, they stay as they are."""
        sizes = self._storage.sizes(JOURNAL)
        names = list_segments(self._storage).get(self._timeline, [])
        marks = [number for number, name in enumerate(names) if name.is_mark]
        names = names[marks[-1] + 1 if marks else 0 :]
        if len(names) < _MERGED_COUNT_MIN or sum(sizes[name.file] for name in names) > _MERGED_BYTES_MAX:
            return []
        try:
            segments = [read_segment(self._storage, name) for name in names]
        except (SnapshotError, FormatTooNew):
            return []
        previous, written = segments[0].header.previous, set[str]()
        for group in _by_size(segments):
            first, last = group[0].header, group[-1].header
            damage = tuple(each for segment in group for each in segment.header.damage)
            header = replace(
                last, first=first.first, first_time_us=first.first_time_us, previous=previous, damage=damage
            )
            name, _ = write_segment(self._storage, header, [segment.content for segment in group])
            previous = name.hash
            written.add(name.file)
        self._storage.sync(JOURNAL)
        self._previous = previous
        return [name for name in names if name.file not in written]

    def mark(self, manifest: Manifest) -> None:
        view = self._view
        start = view.journal_start
        header = SegmentHeader(
            timeline=self._timeline,
            first=view.seq + 1,
            last=view.seq,
            previous=self._previous,
            state=identify(_entry(view, view.seq)),
            first_time_us=view.state.time_us,
            time_us=view.state.time_us,
            made_us=self._made_us,
            snapshot=manifest.hash,
            history_start=start,
            history_time_us=(view.commit_time_us(start) if start <= view.seq else None) or view.state.time_us,
        )
        write_segment(self._storage, header, [])
        self._storage.sync(JOURNAL)

    def _write(self, first: JournalEntry, last: JournalEntry, content: list[bytes], damage: tuple[str, ...]) -> int:
        header = SegmentHeader(
            timeline=self._timeline,
            first=first.seq,
            last=last.seq,
            previous=self._previous,
            state=identify(last),
            first_time_us=first.time_us,
            time_us=last.time_us,
            made_us=self._made_us,
            damage=damage,
        )
        name, size_bytes = write_segment(self._storage, header, content)
        self._previous = name.hash
        return size_bytes


def _grouped(
    transactions: Iterator[LoggedTransaction],
) -> Iterator[tuple[list[LoggedTransaction], list[bytes]]]:
    group: list[LoggedTransaction] = []
    content: list[bytes] = []
    size_bytes = 0
    for logged in transactions:
        content.append(encode_transaction(logged))
        group.append(LoggedTransaction(logged.entry, damage=logged.damage))  # without the bodies
        size_bytes += len(content[-1])
        if size_bytes >= _CONTENT_BYTES:
            yield group, content
            group, content, size_bytes = [], [], 0
    if group:
        yield group, content


def _by_size(segments: list[Segment]) -> Iterator[list[Segment]]:
    group: list[Segment] = []
    for segment in segments:
        if group and sum(len(each.content) for each in group) + len(segment.content) > _CONTENT_BYTES:
            yield group
            group = []
        group.append(segment)
    yield group


def _not_replaced(names: list[SegmentName]) -> list[SegmentName]:
    kept: list[SegmentName] = []
    reached = -1  # the last transaction of those before
    for name in sorted(names, key=lambda each: (each.first, -each.last)):
        if name.is_mark or name.last > reached or (kept and (kept[-1].first, kept[-1].last) == (name.first, name.last)):
            kept.append(name)
        reached = max(reached, name.last)
    return sorted(kept)


def _find_tip(storage: Storage, view: ReadView) -> Segment | None:
    """The last segment of the timeline that the view goes on with; None where there is none."""
    tips = [names[-1] for names in list_segments(storage).values()]
    for name in sorted(tips, key=lambda tip: tip.last, reverse=True):
        try:
            segment = read_segment(storage, name)
        except (SnapshotError, FormatTooNew):
            continue  # `verify` reports it; the next snapshot begins a new timeline
        if _goes_on(view, segment.header):
            return segment
    return None


def _goes_on(view: ReadView, header: SegmentHeader) -> bool:
    if header.last == 0:
        return view.journal_start == 1
    return header.last <= view.seq and header.state == identify(_entry(view, header.last)) != ""


def _entry(view: ReadView, seq: int) -> JournalEntry | None:
    """None where the journal does not hold it any more."""
    if not view.journal_start <= seq <= view.seq:
        return None
    try:
        found = next(view.journal(seq - 1), None)
    except StoreError:
        return None
    return found if found is not None and found.seq == seq else None
