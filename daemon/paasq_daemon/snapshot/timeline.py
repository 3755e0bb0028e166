"""A timeline of the archived journal: the snapshots on it, the segments between them, and what is reached from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paasq_daemon.snapshot.journal_archive import list_segments, read_segment
from paasq_daemon.snapshot.journal_segment import Segment, SegmentHeader, SegmentName
from paasq_daemon.snapshot.manifest import Manifest
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError


@dataclass(frozen=True, slots=True)
class MarkedSnapshot:
    """A snapshot, and the mark of its place."""

    manifest: Manifest
    mark: SegmentHeader


@dataclass(frozen=True)
class Timeline:
    """`names` are all its segments, `segments` those with transactions, which marks have not; each list in their order."""

    storage: Storage
    snapshots: list[MarkedSnapshot]
    names: list[SegmentName]

    @property
    def name(self) -> str:
        """What tells it from others."""
        return self.names[0].timeline

    @property
    def segments(self) -> list[SegmentName]:
        """Those with transactions."""
        return [name for name in self.names if not name.is_mark]

    @property
    def last(self) -> int:
        """The newest sequence number that it reaches, as far as names tell."""
        return max([each.last for each in self.segments] + [each.manifest.seq for each in self.snapshots])

    def between(self, seq: int, until: int) -> list[SegmentName]:
        """The segments that lead from one transaction to another. Raises SnapshotError where some are lost."""
        found, needed = [], seq + 1
        for name in self.segments:
            if needed > until:
                break
            if name.first > needed:
                raise _lost(needed, name.first - 1, seq)
            if name.last >= needed:
                found.append(name)
                needed = name.last + 1
        if needed <= until:
            raise _lost(needed, until, seq)
        return found

    def seq_at(self, time_us: int) -> int | None:
        """The last transaction at or before a time; None where the time is before its first snapshot, or after what it knows.

        Raises SnapshotError where the segment that tells it is lost or was changed.
        """
        earlier = [each for each in self.snapshots if each.mark.time_us <= time_us]
        if not earlier:
            return None
        start = earlier[-1]
        names = [name for name in self.segments if name.last > start.manifest.seq]
        low, high = 0, len(names)
        while low < high:  # the first whose transactions are all later
            middle = (low + high) // 2
            header = self._sound_header(names, middle)
            if header is not None and header.first_time_us > time_us:
                high = middle
            else:
                low = middle + 1
        return self._last_at(time_us, start, names, low)

    def known_until_us(self) -> int:
        """When the store was read last for this timeline, in microseconds since 1970, UTC."""
        last = self._read_last(self.segments[-1:])
        return max([each.mark.made_us for each in self.snapshots] + ([last.header.made_us] if last else []))

    def _last_at(self, time_us: int, start: MarkedSnapshot, names: list[SegmentName], count: int) -> int | None:
        """Of the first `count` segments, which begin at or before the time, unless they cannot be read."""
        header, seq = start.mark, start.manifest.seq
        if count:
            segment = self._read_last(names[:count])
            if segment is not None:
                header = segment.header
                seq = max(each.entry.seq for each in segment.transactions() if each.entry.time_us <= time_us)
        if seq < header.last or time_us <= header.made_us:
            return seq
        later = next((name for name in self.segments if name.last > seq), None)
        if later is not None and later.first == seq + 1:
            read_segment(self.storage, later)  # raises where it was changed: else it begins after the time
            return seq
        beyond = [each.manifest.seq for each in self.snapshots if each.manifest.seq > seq]
        if later is not None or beyond:
            raise _lost(seq + 1, later.first - 1 if later else beyond[0], seq)
        return seq if time_us <= self.known_until_us() else None

    def _sound_header(self, names: list[SegmentName], place: int) -> SegmentHeader | None:
        segment = self._read_last(names[: place + 1])
        return None if segment is None else segment.header

    def _read_last(self, names: list[SegmentName]) -> Segment | None:
        """The last one that can be read."""
        for name in reversed(names):
            try:
                return read_segment(self.storage, name)
            except (SnapshotError, FormatTooNew):
                continue
        return None


def read_timelines(storage: Storage, manifests: Iterable[Manifest]) -> tuple[list[Timeline], list[Manifest]]:
    """The timelines that some of the snapshots are on, that of the newest snapshot first; and the snapshots on none."""
    rest = {manifest.hash: manifest for manifest in manifests}
    seqs = {manifest.seq for manifest in rest.values()}
    found = []
    for names in list_segments(storage).values():
        snapshots = []
        for name in names:
            mark = _mark(storage, name) if name.is_mark and name.last in seqs else None
            manifest = rest.pop(mark.snapshot, None) if mark else None
            if mark and manifest:
                snapshots.append(MarkedSnapshot(manifest, mark))
        if snapshots:
            snapshots.sort(key=lambda each: (each.manifest.seq, each.manifest.created))
            found.append(Timeline(storage, snapshots, names))
    found.sort(key=lambda each: max(one.manifest.created for one in each.snapshots), reverse=True)
    return found, list(rest.values())


def _mark(storage: Storage, name: SegmentName) -> SegmentHeader | None:
    """None where it cannot be read: its snapshot is then one on no timeline."""
    try:
        return read_segment(storage, name).header
    except (SnapshotError, FormatTooNew):
        return None


def _lost(first: int, last: int, before: int) -> SnapshotError:
    return SnapshotError(
        f"the archived journal has lost its segment {first}-{last}",
        f"moments up to {max(before, first - 1)} can be restored, and those of later snapshots",
    )
