"""What the daemon does against silent damage: once a day it has the whole data file read, in a process of its own."""

from __future__ import annotations

import logging
import os
import time

from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.services.background_thread import BackgroundThread
from paasq_daemon.store.check_stamp import TRUSTED_S, stamp_of
from paasq_daemon.store.damage import name_unsound
from paasq_daemon.store.layout import CATALOG_COLLECTION, RECORD_KEY
from paasq_daemon.store.open_data_file import DamagedPages
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.scrub import ScrubProcess, ScrubResult
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import CorruptRecord, PaasqError

_FIRST_S = 5.0  # after a start, which has other things to do
_TICK_S = 60.0
_RETRY_S = 3600.0  # after a failure
_NAMED_MAX = 5

_log = logging.getLogger(__name__)


class Scrub(BackgroundThread):
    """`run_due` does what is due, and is what the thread calls every minute. One caller at a time.

    `damage` is what the last scrub found, in words, and `problem` why it could not be done. Both may be read from any thread.
    """

    def __init__(self, store: Store, indexes: Indexes) -> None:
        super().__init__("paasq-scrub", _TICK_S, _FIRST_S)
        self._store = store
        self._indexes = indexes
        self._process: ScrubProcess | None = None
        self._failed_s: float | None = None
        self._found_s: float | None = None  # when damage was found: it is looked for again each day
        self.damage: tuple[str, ...] = ()

    def stop(self) -> None:
        """Give up what is under way, and end."""
        self._stopped.set()
        if (process := self._process) is not None:
            process.end()
        super().stop()

    def run_due(self, now_s: float) -> None:
        """Scrub where the last time is a day ago. What fails is logged, and tried again an hour later; it never raises a
        PaasqError."""
        if self._failed_s is not None and 0 <= now_s - self._failed_s < _RETRY_S:
            return
        since_s = max(self._store.checked.entries_s or 0.0, self._found_s or 0.0)
        if 0 <= now_s - since_s < TRUSTED_S:
            return
        self._failed_s = now_s  # until it has succeeded
        try:
            self.run(now_s)
            self._failed_s = self.problem = None
        except (PaasqError, OSError) as error:
            if self._stopped.is_set():
                return
            self.problem = error.message if isinstance(error, PaasqError) else str(error)
            _log.error("the data file could not be scrubbed: %s", self.problem)  # its message says it all

    def run(self, now_s: float) -> None:
        """Scrub now. Where pages are damaged, the store answers and writes nothing any more; damaged records are left out of
        answers, which say so. Raises StoreError, OSError where it cannot be done."""
        try:
            pages_faults = self._scrub(now_s)
            if pages_faults:
                pages_faults = self._scrub(now_s)  # twice the same: no fault of a cable or of the memory
        except DamagedPages as error:
            self._shut(error)
            return
        if pages_faults:
            self._shut(DamagedPages(pages_faults))

    def _scrub(self, now_s: float) -> list[str]:
        """Faults of pages; what else is found is kept."""
        with self._store.pinned() as (view, file, meta):
            self._process = ScrubProcess(file, meta)
            if self._stopped.is_set():
                self._process.end()
            try:
                found = self._process.wait()
            finally:
                self._process = None
            if found.faults:
                return found.faults
            stamp = stamp_of(os.fstat(file), meta.transaction, now_s, None if found.is_damaged else now_s)
            damage, lost = self._name(found, view)
        self._found_s = now_s if damage else None
        self._store.note_check(stamp, lost)
        self._set_aside(found)
        if damage:
            _log.error("the scrub found damage: %s", "; ".join(damage[:_NAMED_MAX]))
        self.damage = tuple(damage)
        return []

    def _shut(self, error: DamagedPages) -> None:
        _log.error("nothing is answered or written any more: %s", error.message)
        self._store.shut(error)
        self.damage = (error.message,)
        self._stopped.set()  # there is nothing more to look for

    def _name(self, found: ScrubResult, view: ReadView) -> tuple[list[str], frozenset[int]]:
        """What is damaged, in words, and the collections of which live records can't be found."""
        named = [f"{each} is damaged" for each in name_unsound(view, found.unsound)]
        names = {id_: collection.name for id_, collection in view.catalog.collections_by_id.items()}
        named += [
            f"entries of {names.get(id_, f'collection {id_}')} are lost, or removed ones came back"
            if id_ != CATALOG_COLLECTION
            else "entries of the journal are lost"
            for id_ in found.lost
        ]
        keys = {int.from_bytes(key[:4]) for table, key in found.unsound if table == "live"}
        return named, frozenset(keys | set(found.lost))

    def _set_aside(self, found: ScrubResult) -> None:
        for table, key in found.unsound:
            if table == "bodies":
                place = RECORD_KEY.unpack(key)
                said = f"the checksum of the stored entry {key.hex()} does not hold"
                self._indexes.set_aside(CorruptRecord(said, place=(place[0], place[1])))

    def _tick(self) -> None:
        self.run_due(time.time())
