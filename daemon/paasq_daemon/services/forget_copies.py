"""What holds records beside the store: its snapshots, and the damaged data files that a repair has kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from paasq_daemon.services.repair import REPAIR_NAME
from paasq_daemon.services.snapshots import own_snapshots
from paasq_daemon.snapshot.journal_archive import list_files
from paasq_daemon.snapshot.journal_rewrite import forget_in_archive
from paasq_daemon.snapshot.locate import open_storage
from paasq_daemon.snapshot.rewrite import remove_leftovers, rewrite_snapshots, snapshots_since
from paasq_daemon.snapshot.schedule import read_schedule
from paasq_daemon.snapshot.storage import OBJECTS, Storage
from paasq_daemon.store.erasure import collection_ids, erase, find_traces
from paasq_daemon.store.forget_receipts import PendingForget
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import PaasqError, SnapshotError

_BUSY_WAIT_S = 5.0  # for a snapshot that is being made

_Place = Callable[[], Storage]  # where snapshots are; opened when it is asked for, since that may fail or need a key


@dataclass
class CleanedCopies:
    """The names of the snapshots that were made anew, and what may still hold the records."""

    rewritten: list[str] = field(default_factory=list)
    still_in: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ForgetCopies:
    """The copies of one store: the snapshots in its folder, and in the place that its schedule names."""

    folder: Path

    def holding(self, first_seq: int) -> list[str]:
        """What may hold a record that was first put at a sequence number. Where that cannot be read, the
        reason is in its place."""
        places, found = self._readable_places()
        for place in places:
            try:
                found += [self._word(place, name) for name in _since(place(), first_seq)]
            except PaasqError as error:
                found.append(_unread(error))
        return [*found, *(str(path.relative_to(self.folder)) for path in self._repaired())]

    def clean(self, pending: PendingForget, keys: frozenset[str] | None) -> CleanedCopies:
        """Take the records out of the copies where the forget asks for it, else name these. `keys` are None where they are
        lost."""
        done = CleanedCopies()
        for path in self._repaired():
            if pending.with_snapshots:
                path.unlink()
            else:
                done.still_in.append(str(path.relative_to(self.folder)))
        places, unread = self._readable_places()
        done.still_in += unread
        for place in places:
            try:
                self._clean(place, pending, keys, done)
            except PaasqError as error:
                done.still_in.append(_unread(error))
        return done

    def _clean(self, place: _Place, pending: PendingForget, keys: frozenset[str] | None, done: CleanedCopies) -> None:
        storage = place()
        _wait_until_free(storage)
        if pending.with_snapshots and keys is not None:
            erase_from = partial(_erase_from, pending.receipt.collection, keys)
            unknown = not pending.receipt.versions  # to the store, so that each snapshot must be asked
            names = snapshots_since(storage, pending.first_seq)
            rewritten = rewrite_snapshots(storage, names, erase_from, only_changed=unknown)
            done.rewritten += rewritten.rewritten
            failed = rewritten.failed.items()
            done.still_in += [f"{self._word(place, f'snapshot {name}')}: {why}" for name, why in failed]
            forget_in_archive(storage, lambda id_, _, key: id_ in pending.collection_ids and key in keys)
        else:
            done.still_in += [self._word(place, name) for name in _since(storage, pending.first_seq)]
        remove_leftovers(storage)

    def _own(self) -> Storage:
        return own_snapshots(self.folder)

    def _readable_places(self) -> tuple[list[_Place], list[str]]:
        """The places, and where a damaged schedule names one, that."""
        try:
            return self._places(), []
        except PaasqError as error:
            return [self._own], [f"the snapshots of the schedule: {error.message}"]

    def _places(self) -> list[_Place]:
        schedule = read_schedule(self.folder)
        if schedule is None or schedule.to is None:
            return [self._own]
        return [self._own, partial(open_storage, schedule.to, schedule.key)]

    def _word(self, place: _Place, name: str) -> str:
        return name if place == self._own else f"{name} in {place().address}"

    def _repaired(self) -> list[Path]:
        return sorted((self.folder / REPAIR_NAME).glob("*.mdb"))


def _since(storage: Storage, seq: int) -> list[str]:
    """What may hold what was first put at a sequence number: snapshots, and segments of the archived journal."""
    segments = [
        name for names in list_files(storage).values() for name in names if not name.is_mark and name.last >= seq
    ]
    return [
        *(f"snapshot {name}" for name in snapshots_since(storage, seq)),
        *(f"the archived journal {name}" for name in segments),
    ]


def _unread(error: PaasqError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message


def _wait_until_free(storage: Storage) -> None:
    """A snapshot that is being made, maybe of the state before, is waited for. Raises SnapshotError where that takes long."""
    until_s = time.monotonic() + _BUSY_WAIT_S
    while storage.sizes(OBJECTS):
        try:
            with storage.exclusive():
                return
        except SnapshotError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.1)


def _erase_from(name: str, keys: frozenset[str], copy: Store) -> bool:
    """Erase records of a collection from a copy of the store, at its own sequence number. Whether it had any."""

    def work(transaction: WriteTransaction) -> bool:
        traces = [find_traces(transaction, id_, keys) for id_ in collection_ids(transaction, name)]
        for each in traces:
            erase(transaction, each, journal=False)
        return any(each.ordinals for each in traces)

    return copy.write(work).result().value
