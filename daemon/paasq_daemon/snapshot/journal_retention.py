"""Which segments of the archived journal are kept: those that lead somewhere from a snapshot that is."""

from __future__ import annotations

from collections.abc import Iterable

from paasq_daemon.snapshot.journal_archive import list_files, list_segments, read_segment
from paasq_daemon.snapshot.journal_segment import SegmentName
from paasq_daemon.snapshot.manifest import Manifest
from paasq_daemon.snapshot.storage import JOURNAL, UNFINISHED, Storage
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError


def remove_unneeded(storage: Storage, kept: Iterable[Manifest]) -> tuple[int, int]:
    """Remove the segments before the oldest kept snapshot of their timeline, timelines without one, and what a kill left there;
    how many files, and their bytes. The caller has the storage for itself."""
    sizes = storage.sizes(JOURNAL)
    doomed = [name for name in sizes if name.endswith(UNFINISHED)]
    seqs_by_hash = {manifest.hash: manifest.seq for manifest in kept}
    needed = {name for names in list_segments(storage).values() for name in names}
    for names in list_files(storage).values():
        marked = [name for name in names if name.is_mark and name.last in seqs_by_hash.values()]
        first = min((name.last for name in marked if _marks_one(storage, name, seqs_by_hash)), default=None)
        doomed += [
            name.file
            for name in names
            if first is None or name.last < first or (name.last == first and not name.is_mark) or name not in needed
        ]
    for file in doomed:
        storage.remove(f"{JOURNAL}/{file}")
    if doomed:
        storage.sync(JOURNAL)
    return len(doomed), sum(sizes[file] for file in doomed)


def _marks_one(storage: Storage, name: SegmentName, seqs_by_hash: dict[str, int]) -> bool:
    """Whether it marks one of the snapshots, or cannot be read, so that it may."""
    try:
        return read_segment(storage, name).header.snapshot in seqs_by_hash
    except (SnapshotError, FormatTooNew):
        return True
