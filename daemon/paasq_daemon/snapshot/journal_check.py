"""Checking the archived journal: that no segment is lost, that each is what it was, and follows one that is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from paasq_daemon.snapshot.journal_archive import list_segments, read_segment
from paasq_daemon.snapshot.journal_segment import SegmentName
from paasq_daemon.snapshot.manifest import Manifest
from paasq_daemon.snapshot.read_ahead import read_ahead
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.timeline import Timeline, read_timelines
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError


@dataclass(slots=True)
class JournalCheck:
    """How many segments were read, and what is wrong."""

    segments: int = 0
    findings: list[str] = field(default_factory=list)


def check_after(storage: Storage, manifest: Manifest, manifests: Iterable[Manifest], *, read: bool) -> JournalCheck:
    """Check what leads from a snapshot to the next one on its timeline, or to its end. `read` reads and hashes it, too."""
    findings = _damaged_marks(storage, lambda mark: read and mark.last == manifest.seq)
    for timeline in read_timelines(storage, manifests)[0]:
        seqs = [each.manifest.seq for each in timeline.snapshots]
        if any(each.manifest.hash == manifest.hash for each in timeline.snapshots):
            until = min([seq for seq in seqs if seq > manifest.seq], default=timeline.last)
            done = _check(timeline, manifest.seq, until, lambda _: read)
            return JournalCheck(done.segments, findings + done.findings)
    return JournalCheck(0, findings)


def check_chosen(
    storage: Storage, manifests: Iterable[Manifest], chosen: Callable[[SegmentName], bool]
) -> JournalCheck:
    """Check that no segment is lost after the oldest snapshot of each timeline, and read and hash those that are chosen."""
    total = JournalCheck(0, _damaged_marks(storage, chosen))
    for timeline in read_timelines(storage, manifests)[0]:
        done = _check(timeline, timeline.snapshots[0].manifest.seq, timeline.last, chosen)
        total.segments += done.segments
        total.findings += done.findings
    return total


def _damaged_marks(storage: Storage, chosen: Callable[[SegmentName], bool]) -> list[str]:
    """A snapshot whose mark cannot be read is on no timeline, which would not be noticed."""
    findings = []
    for name in (name for names in list_segments(storage).values() for name in names if name.is_mark):
        try:
            if chosen(name):
                read_segment(storage, name)
        except FormatTooNew:
            continue
        except SnapshotError as error:
            findings.append(error.message)
    return findings


def _check(timeline: Timeline, seq: int, until: int, chosen: Callable[[SegmentName], bool]) -> JournalCheck:
    done = JournalCheck()
    try:
        timeline.between(seq, until)
    except SnapshotError as error:
        done.findings.append(error.message)
    names = [name for name in timeline.names if seq < name.last <= until and chosen(name)]
    known = {name.hash for name in timeline.names}
    for name, read in read_ahead(lambda each: read_segment(timeline.storage, each).header, names):
        done.segments += 1
        try:
            if read.result().previous not in known and name != timeline.names[0]:
                done.findings.append(f"segment {name} of the archived journal follows one that is lost or was changed")
        except FormatTooNew:
            continue
        except SnapshotError as error:
            done.findings.append(error.message)
    return done
