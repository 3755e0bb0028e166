"""Restoring any moment: a snapshot, and from there forward by the archived journal, or back by its own history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paasq_daemon.snapshot.journal_archive import read_segment
from paasq_daemon.snapshot.journal_segment import SegmentName
from paasq_daemon.snapshot.manifest import Manifest, list_manifests, read_manifest
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.snapshot.read_ahead import read_ahead
from paasq_daemon.snapshot.restore import describe_origin, require_outside, unpack_snapshot
from paasq_daemon.snapshot.signature import require_signer
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.timeline import Timeline, read_timelines
from paasq_daemon.store.integrity_check import Finding, check_integrity
from paasq_daemon.store.layout import STORE_FORMAT_VERSION
from paasq_daemon.store.migration import migrate
from paasq_daemon.store.new_folder import building_folder, scratch_folder
from paasq_daemon.store.origin import Origin, write_origin
from paasq_daemon.store.redo import StoreRedo
from paasq_daemon.store.rewind import copy_moment, seq_at
from paasq_daemon.store.store import Store
from paasq_daemon.store.store_import import StoreImport
from paasq_daemon.wire.errors import SnapshotError, StoreError
from paasq_dsl.values import format_time

_SCRATCH_PREFIX = "later-"


def restore_moment(
    storage: Storage,
    moment: Moment,
    into: Path,
    name: str | None = None,
    signers: Sequence[Ed25519PublicKey] = (),
) -> Origin:
    """Make `into`, which must be new or empty, the store as it was at a moment; its indexes aside.

    From the newest snapshot before it and the archived journal; where those do not lead there, from a later snapshot whose
    history reaches back; with `name` from that snapshot alone. Of several timelines the newest is taken that holds the
    moment; the latest is that of the newest one. With `signers` only from snapshots that one of them signed, and by their
    own history: the archive is not signed.

    Durable when this returns; where it raises or is killed, `into` is as it was before. Raises SnapshotError where the moment
    is not held, naming what is, or the segment that is lost or was changed; StoreError where `into` cannot be made.
    """
    require_outside(into)
    manifests = [read_manifest(storage, name)] if name else list_manifests(storage)
    ways = _SignedWays(storage, manifests, signers) if signers else _Ways(storage, manifests)
    if moment.is_latest:
        moment = Moment(seq=ways.latest())
    found = ways.find(moment)
    for way in found:
        try:
            return _go(storage, way, into)
        except (SnapshotError, StoreError) as error:
            ways.problems.append(error)
    if ways.problems:
        raise ways.problems[0]
    raise ways.not_held(moment)


@dataclass(frozen=True, slots=True)
class _Way:
    """From a snapshot through segments to `moment`; where there are none, by the snapshot's own history."""

    manifest: Manifest
    moment: Moment
    segments: tuple[SegmentName, ...] = ()


class _Ways:
    def __init__(self, storage: Storage, manifests: Iterable[Manifest]) -> None:
        self._timelines, self._unmarked = read_timelines(storage, manifests)
        self._address = storage.address
        self.problems: list[SnapshotError | StoreError] = []

    def find(self, moment: Moment) -> list[_Way]:
        """The ways to a moment, the best first; problems are what is lost or was changed on others."""
        forward = [self._forward(timeline, moment) for timeline in self._timelines]
        back = [self._back(timeline, moment) for timeline in self._timelines]
        alone = [_Way(manifest, moment) for manifest in self._unmarked if _may_hold(manifest, moment)]
        if moment.seq is not None:
            ordered = [way for pair in zip(forward, back, strict=True) for ways in pair for way in ways]
        else:  # a time tells the timelines apart: what was archived then comes before what a later one remembers
            ordered = [way for ways in (*forward, *back) for way in ways]
        return ordered + _nearest_first(alone)

    def latest(self) -> int:
        """The last sequence number of the timeline of the newest snapshot, or of that alone."""
        newest = max(self._unmarked, key=lambda each: each.created, default=None)
        timeline = next(iter(self._timelines), None)
        if timeline is None or (newest and newest.created > max(one.manifest.created for one in timeline.snapshots)):
            return newest.seq if newest else 0
        return timeline.last

    def not_held(self, moment: Moment) -> SnapshotError:
        """The error of a moment before or after all that is held."""
        marked = [each for timeline in self._timelines for each in timeline.snapshots]
        if not marked and not self._unmarked:
            return SnapshotError(f"there is no snapshot in {self._address}", "take one: `paasq snapshot create NAME`")
        first = min(
            [min(one.mark.history_start - 1, one.manifest.seq) for one in marked]
            + [each.seq for each in self._unmarked]
        )
        last = max([timeline.last for timeline in self._timelines] + [each.seq for each in self._unmarked])
        since_us = min((one.mark.history_time_us for one in marked), default=0)
        until_us = max((timeline.known_until_us() for timeline in self._timelines), default=0)
        times = f", and times from {format_time(since_us)} to {format_time(until_us)}" if until_us else ""
        return SnapshotError(
            f"{moment} cannot be restored from {self._address}: it holds sequence numbers {first} to {last}{times}",
            "name a moment between them",
        )

    def _forward(self, timeline: Timeline, moment: Moment) -> list[_Way]:
        """From the newest snapshot before it, then from those before that one."""
        ways: list[_Way] = []
        try:
            seq = moment.seq if moment.time_us is None else timeline.seq_at(moment.time_us)
            for each in reversed(timeline.snapshots):
                if seq is not None and each.manifest.seq <= seq <= timeline.last:
                    segments = tuple(timeline.between(each.manifest.seq, seq))
                    ways.append(_Way(each.manifest, Moment(seq=seq), segments))
        except SnapshotError as error:
            if not ways:
                self.problems.append(error)
        return ways

    def _back(self, timeline: Timeline, moment: Moment) -> list[_Way]:
        return [
            _Way(each.manifest, moment)
            for each in timeline.snapshots
            if _may_hold(each.manifest, moment)
            and (
                each.mark.history_start <= moment.seq + 1
                if moment.seq is not None
                else each.mark.history_time_us <= (moment.time_us or 0) <= each.mark.time_us
            )
        ]


class _SignedWays:
    """As `_Ways`, of what signatures cover: neither segments nor marks are looked at."""

    def __init__(self, storage: Storage, manifests: list[Manifest], signers: Sequence[Ed25519PublicKey]) -> None:
        self._address = storage.address
        self._signed: list[Manifest] = []
        refused: list[SnapshotError | StoreError] = []
        for manifest in manifests:
            try:
                require_signer(storage, manifest, signers)
                self._signed.append(manifest)
            except SnapshotError as error:
                refused.append(error)
        self.problems = [] if self._signed else refused

    def latest(self) -> int:
        return max(self._signed, key=lambda each: each.created).seq if self._signed else 0

    def find(self, moment: Moment) -> list[_Way]:
        return _nearest_first([_Way(manifest, moment) for manifest in self._signed if _may_hold(manifest, moment)])

    def not_held(self, moment: Moment) -> SnapshotError:
        return SnapshotError(
            f"{moment} is after the history of all signed snapshots in {self._address}, and the archived journal is not signed",
            "name a moment that the history of a signed snapshot reaches, or leave out --require-signature",
        )


def _may_hold(manifest: Manifest, moment: Moment) -> bool:
    return moment.seq is None or moment.seq <= manifest.seq


def _nearest_first(ways: list[_Way]) -> list[_Way]:
    """Those made before the moment, by the clock then, come last: it is after their history, unless the clock was wrong."""

    def key(way: _Way) -> tuple[bool, int]:
        made_us = datetime.fromisoformat(way.manifest.created).timestamp() * 1e6
        return made_us < (way.moment.time_us or 0), way.manifest.seq

    return sorted(ways, key=key)


def _go(storage: Storage, way: _Way, into: Path) -> Origin:
    with building_folder(into) as folder:
        if way.segments or way.moment.seq == way.manifest.seq:
            origin = _forward(storage, way, folder)
        else:
            origin = _back(storage, way, folder)
        write_origin(folder, origin)
    return origin


def _forward(storage: Storage, way: _Way, folder: Path) -> Origin:
    unpack_snapshot(storage, way.manifest, folder)
    if way.manifest.store_format != STORE_FORMAT_VERSION:
        migrate(folder)
    until = way.moment.seq
    assert until is not None
    damage: list[str] = []
    with StoreRedo(folder) as store:
        for _, read in read_ahead(partial(read_segment, storage), way.segments):
            segment = read.result()
            damage += segment.header.damage
            store.redo(segment.transactions(), until)
        store.finish()
    archive = (way.manifest.seq + 1, until) if way.segments else None
    with Store.open(folder, sync=False) as opened, opened.read() as view:
        if view.seq != until:
            raise SnapshotError(f"the archived journal ends at {view.seq}, and not at {until}", "restore that moment")
        time = format_time(view.state.time_us) if until else None
        origin = describe_origin(storage, way.manifest, until, time, archive)
        origin = replace(origin, damage=(*origin.damage, *damage))
        if not origin.damage:
            _require_sound(check_integrity(view))
    return origin


def _back(storage: Storage, way: _Way, folder: Path) -> Origin:
    with scratch_folder(folder, _SCRATCH_PREFIX) as scratch:
        unpack_snapshot(storage, way.manifest, scratch)
        if way.manifest.store_format != STORE_FORMAT_VERSION:
            migrate(scratch)
        with Store.open(scratch, sync=False) as later, later.read() as view:
            if way.moment.time_us is not None and way.moment.time_us > view.state.time_us:
                raise SnapshotError(
                    f"the history in snapshot {way.manifest.name!r} ends at {view.seq}, before {way.moment}",
                    "name an earlier moment",
                )
            seq = way.moment.seq if way.moment.time_us is None else seq_at(view, way.moment.time_us)
            if seq is None or seq + 1 < view.journal_start:
                raise SnapshotError(
                    f"the history in snapshot {way.manifest.name!r} begins at {view.journal_start}, after {way.moment}",
                    "name a later moment",
                )
            with StoreImport(folder) as store:
                time_us = copy_moment(view, seq, store)
                origin = describe_origin(storage, way.manifest, seq, format_time(time_us) if seq else None)
                if not origin.damage:
                    _require_sound(store.check())
    return origin


def _require_sound(findings: list[Finding]) -> None:
    if findings:
        raise SnapshotError(f"what was restored is not sound: {findings[0]}", "restore another moment")
