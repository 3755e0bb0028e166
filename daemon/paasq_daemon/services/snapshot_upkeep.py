"""What the daemon does for snapshots by itself: it takes those that are due, prunes, and checks a part of all each day."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from paasq_daemon.services.background_thread import BackgroundThread
from paasq_daemon.services.snapshots import own_snapshots
from paasq_daemon.snapshot.annotation import read_annotation
from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.journal_archive import archive_journal
from paasq_daemon.snapshot.locate import SNAPSHOTS_NAME
from paasq_daemon.snapshot.manifest import Manifest, list_manifests, manifest_names
from paasq_daemon.snapshot.prune import prune, scheduled_name
from paasq_daemon.snapshot.rolling_check import PARTS, check_part
from paasq_daemon.snapshot.schedule import (
    CheckProgress,
    Progress,
    Schedule,
    open_scheduled,
    read_progress,
    read_schedule,
    scheduled_address,
    write_progress,
)
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.store.content_digest import logical_digest
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import Cancelled, PaasqError

_TICK_S = 30.0
_RETRY_S = 300.0  # after a failure, where the schedule is not sooner
_DAY_S = 86_400.0

_log = logging.getLogger(__name__)


class SnapshotUpkeep(BackgroundThread):
    """`run_due` does what is due at a time, and is what the thread calls every half a minute, or more often where the journal is
    to be archived so. One caller at a time."""

    def __init__(self, store: Store) -> None:
        super().__init__("paasq-snapshots", _TICK_S)
        self._store = store

    def run_due(self, now_s: float) -> None:
        """Take the snapshot that is due, prune, and check a part of each storage once a day. What fails is kept in the
        progress and logged; it never raises a PaasqError."""
        progress = read_progress(self._store.folder)
        places = self._do_due(progress, now_s)
        found = [each for address in places for each in progress.checked[address].findings.values()]
        damaged = "; ".join(each[0] for each in found if each)
        self.problem = progress.error or (f"the rolling check found: {damaged}" if damaged else None)

    def _do_due(self, progress: Progress, now_s: float) -> list[str]:
        """The addresses of the storages that were looked at."""
        try:
            schedule = read_schedule(self._store.folder)
        except PaasqError as error:
            if progress.error != error.message:
                progress.error = error.message
                self._keep(progress)
            return []
        if schedule is not None and _is_due(schedule, progress, now_s):
            self._take(schedule, progress, now_s)
            self._keep(progress)
        if schedule is not None and schedule.journal_s is not None:
            self._tick_s = min(_TICK_S, schedule.journal_s / 2)
            if self._archive_due(schedule, progress, now_s):
                self._keep(progress)
        places = self._places(schedule)
        for address, open_checked in places:
            state = progress.checked.setdefault(address, CheckProgress())
            due = not 0 <= now_s - max(state.parts_s.values(), default=0.0) < _DAY_S
            if due and _check_oldest(address, open_checked, state, now_s):
                self._keep(progress)
        return [address for address, _ in places]

    def _tick(self) -> None:
        self.run_due(time.time())

    def _archive_due(self, schedule: Schedule, progress: Progress, now_s: float) -> bool:
        """Archive the journal where that is due; a snapshot begins it where it does not reach the store. False where not."""
        if progress.archived_to != schedule.to:
            progress.archived_s, progress.archived_to = None, schedule.to
        since_s = None if progress.archived_s is None else now_s - progress.archived_s
        if since_s is not None and 0 <= since_s < (schedule.journal_s or 0) - self._tick_s / 2:
            return False
        try:
            if since_s is None or self._store.seq != progress.archived_seq:
                done = archive_journal(self._store, open_scheduled(self._store.folder, schedule))
                if done is None:
                    self._begin_archive(schedule, progress, now_s)
                    return True
                progress.archived_seq = done.last
            progress.archived_s, progress.archive_error = now_s, None
        except PaasqError as error:
            if progress.archive_error != error.message:
                _log.error("snapshots: the journal cannot be archived: %s", error.message)
            progress.archive_error = error.message
        return True

    def _begin_archive(self, schedule: Schedule, progress: Progress, now_s: float) -> None:
        if progress.tried_s is None or not 0 <= now_s - progress.tried_s < _RETRY_S:
            self._take(schedule, progress, now_s, anew=True)
        if progress.error:
            progress.archive_error = "the journal is archived again after the next snapshot"

    def _take(self, schedule: Schedule, progress: Progress, now_s: float, *, anew: bool = False) -> None:
        """`anew` takes one also where nothing was written since the newest."""
        progress.tried_s = now_s
        try:
            storage = open_scheduled(self._store.folder, schedule)
            with self._store.read() as view:
                digest = logical_digest(view)
            newest = list_manifests(storage)[-1:]
            if anew or not (newest and newest[0].digest == digest):
                newest = [self._create(storage, schedule, now_s)]
            damage = read_annotation(storage, newest[0]).damage
            if not damage:
                prune(storage, schedule.keep)
            progress.error = (
                f"the store is damaged, and nothing was pruned: {', '.join(damage[:5])}" if damage else None
            )
            progress.taken_s, progress.taken = now_s, newest[0].name
        except PaasqError as error:
            progress.error = error.message
        if progress.error:
            _log.error("snapshots: %s", progress.error)

    def _create(self, storage: Storage, schedule: Schedule, now_s: float) -> Manifest:
        name = scheduled_name(datetime.fromtimestamp(now_s, UTC))
        options = CreateOptions(damaged=True, sign=schedule.sign)
        made = create_snapshot(self._store, storage, name, options, self._go_on)
        _log.info("snapshots: %s made in %s, %d new bytes", made.name, storage.address, made.new_bytes)
        return made

    def _go_on(self, _: int) -> None:
        if self._stopped.is_set():
            raise Cancelled("the daemon ends; the next one takes the snapshot, and uses what was written of it")

    def _places(self, schedule: Schedule | None) -> list[tuple[str, Callable[[], Storage]]]:
        """Where snapshots are, by address. None is opened before it is due: a bucket is asked, and a passphrase takes a while."""
        places: list[tuple[str, Callable[[], Storage]]] = [
            (str(self._store.folder / SNAPSHOTS_NAME), lambda: own_snapshots(self._store.folder))
        ]
        try:
            if schedule is not None and schedule.to is not None:
                address = scheduled_address(self._store.folder, schedule)
                places.append((address, lambda: open_scheduled(self._store.folder, schedule)))
        except PaasqError as error:
            _log.error("snapshots: %s", error.message)  # its message says it all
        return places

    def _keep(self, progress: Progress) -> None:
        try:
            write_progress(self._store.folder, progress)
        except OSError as error:  # a full disk; the work is done all the same
            _log.error("snapshots: what was done cannot be noted (%s)", error.strerror)  # as above


def _is_due(schedule: Schedule, progress: Progress, now_s: float) -> bool:
    if progress.error and progress.tried_s is not None and progress.tried_s != progress.taken_s:
        return not 0 <= now_s - progress.tried_s < min(_RETRY_S, schedule.every_s)
    return progress.taken_s is None or not 0 <= now_s - progress.taken_s < schedule.every_s


def _check_oldest(address: str, open_checked: Callable[[], Storage], state: CheckProgress, now_s: float) -> bool:
    """Check the part that was not read for longest. False where there are no snapshots."""
    part = min(range(PARTS), key=lambda number: (state.parts_s.get(str(number), 0.0), number))
    try:
        storage = open_checked()
        if not manifest_names(storage):
            return False
        found = check_part(storage, part).findings
    except PaasqError as error:
        found = [error.message]
    state.parts_s[str(part)] = now_s
    state.findings.pop(str(part), None)
    if found:
        state.findings[str(part)] = found
        _log.error("snapshots: the rolling check of %s found: %s", address, "; ".join(found[:5]))
    return True
