"""Reading the whole data file of a store that is in use, in a process of its own: pages, checksums, sums and the journal.

That process never maps the file, so that no damage ends it, and it holds no interpreter that answers queries.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field

from paasq_daemon.store.counters import (
    CollectionCounters,
    StoreCounters,
    decode_collection_counters,
    decode_store_counters,
    live_key_hash,
)
from paasq_daemon.store.data_file_header import Meta, TreeRoot
from paasq_daemon.store.entry_codec import ENVELOPE_BYTES, holds, stored_checksum
from paasq_daemon.store.layout import COLLECTION_KEY, JOURNAL_KEY, STATE_NAME, SUMMED_TABLES, counters_meta_key
from paasq_daemon.store.live_entry import decode_live
from paasq_daemon.store.page_walk import walk_pages
from paasq_daemon.store.tables import TABLE_NAMES
from paasq_daemon.wire.errors import PaasqError, StoreError

_UNSOUND_MAX = 1_000
_NICENESS = 19
_ENTRIES_AT_ONCE = 64  # between two looks at the clock
_WORK_S = 0.02  # after which it rests as long
_COUNTERS_PREFIX = counters_meta_key(0)[: -COLLECTION_KEY.size]


@dataclass
class ScrubResult:
    """What was found: `faults` of pages, in words; `unsound` entries, by table and key; `lost` are collections, by id, whose
    entries are not those that were written, and 0 where that is so of the journal or the counters."""

    faults: list[str] = field(default_factory=list)
    unsound: list[tuple[str, bytes]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)

    @property
    def is_damaged(self) -> bool:
        """Whether anything was found."""
        return bool(self.faults or self.unsound or self.lost)

    def to_json(self) -> str:
        """What `from_json` reads."""
        unsound = [(table, key.hex()) for table, key in self.unsound]
        return json.dumps({"faults": self.faults, "unsound": unsound, "lost": self.lost})

    @classmethod
    def from_json(cls, raw: bytes) -> ScrubResult:
        """Raises ValueError where it is none."""
        found = json.loads(raw)
        return cls(
            found["faults"], [(table, bytes.fromhex(key)) for table, key in found["unsound"]], list(found["lost"])
        )


class ScrubProcess:
    """One scrub, under way. `file` is a descriptor of the data file, and `meta` the header of a transaction of which a read
    transaction is open until `wait` has returned."""

    def __init__(self, file: int, meta: Meta) -> None:
        """Raises OSError where no process can be started."""
        self._process = subprocess.Popen(  # noqa: S603  # this very interpreter, without a shell
            [sys.executable, "-P", "-m", "paasq_daemon.store.scrub", json.dumps(meta)],
            stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, close_fds=True,
        )  # fmt: skip

    def wait(self) -> ScrubResult:
        """Until it has ended. Raises StoreError where it did not come to an end."""
        output, _ = self._process.communicate()
        try:
            return ScrubResult.from_json(output)
        except (ValueError, KeyError):
            raise StoreError(
                f"the process that reads the data file ended with {self._process.returncode}",
                "it is started again within the hour; where that fails, too, stop the daemon and run `paasq doctor`",
            ) from None

    def end(self) -> None:
        """Make `wait` raise."""
        self._process.terminate()


def scrub(file: int, meta: Meta, *, rests: bool = False) -> ScrubResult:
    """Read all that the transaction reaches; with `rests` at half speed, for the others. Raises OSError."""
    scan = _Scan(rests=rests)
    structure = walk_pages(file, meta, scan.visit)
    if structure.faults:
        return ScrubResult(faults=structure.faults)
    return ScrubResult(unsound=scan.unsound, lost=[] if scan.unsound else scan.lost())


class _Scan:
    """Of entries in the order of each table's keys."""

    def __init__(self, *, rests: bool) -> None:
        self.unsound: list[tuple[str, bytes]] = []
        self._rests = rests
        self._rested_s = time.monotonic()
        self._seen = 0
        self._seeds = {stored: (seed, name) for seed, (stored, name) in enumerate(TABLE_NAMES.items())}
        self._counted: defaultdict[int, CollectionCounters] = defaultdict(CollectionCounters)
        self._stated: dict[int, CollectionCounters] = {}
        self._state = StoreCounters()
        self._last_seq: int | None = None
        self._last_missing_seq = 0

    def visit(self, stored_name: str | None, key: bytes, envelope: bytes) -> None:
        """Verify an entry and count it."""
        self._seen += 1
        if self._rests and self._seen % _ENTRIES_AT_ONCE == 0:
            self._rest()
        if stored_name not in self._seeds:
            return
        seed, name = self._seeds[stored_name]
        if not holds(seed, key, envelope):
            if len(self.unsound) < _UNSOUND_MAX:
                self.unsound.append((name, key))
            return
        try:
            if name in SUMMED_TABLES:
                counted = self._counted[COLLECTION_KEY.unpack_from(key)[0]]
                counted.add_content(stored_checksum(envelope))
                if name == "live":
                    counted.live_count += 1
                    counted.add_live(live_key_hash(key, decode_live(envelope[ENVELOPE_BYTES:]).ordinal))
            elif name == "journal":
                self._note_row(JOURNAL_KEY.unpack(key)[0])
            elif key == STATE_NAME:
                self._state = decode_store_counters(envelope[ENVELOPE_BYTES:])
            elif key.startswith(_COUNTERS_PREFIX):
                id_ = COLLECTION_KEY.unpack(key[len(_COUNTERS_PREFIX) :])[0]
                self._stated[id_] = decode_collection_counters(envelope[ENVELOPE_BYTES:])
        except PaasqError:
            self.unsound.append((name, key))

    def lost(self) -> list[int]:
        """Collections whose entries are not those that were written; 0 where the journal has not all."""
        empty = CollectionCounters()
        found = [
            id_
            for id_ in sorted(self._stated.keys() | self._counted.keys())
            if _sums(self._stated.get(id_, empty)) != _sums(self._counted.get(id_, empty))
        ]
        start, seq = self._state.journal_start, self._state.seq
        has_rows = self._last_seq is not None and self._last_seq >= start
        is_whole = self._last_seq == seq and self._last_missing_seq < start if has_rows else start == seq + 1
        return found if is_whole else [0, *found]

    def _note_row(self, seq: int) -> None:
        if seq - 1 > (self._last_seq or 0):
            self._last_missing_seq = seq - 1
        self._last_seq = seq

    def _rest(self) -> None:
        worked_s = time.monotonic() - self._rested_s
        if worked_s > _WORK_S:
            time.sleep(worked_s)
            self._rested_s = time.monotonic()


def _sums(counters: CollectionCounters) -> tuple[int, int, int]:
    return counters.content_checksum, counters.live_count, counters.live_keys


def main() -> None:
    """Scrub the file at standard input, by the header that the first argument has as JSON; write the result."""
    os.nice(_NICENESS)
    free, tables, last_page, transaction = json.loads(sys.argv[1])
    meta = Meta(TreeRoot(*free), TreeRoot(*tables), last_page, transaction)
    sys.stdout.write(scrub(sys.stdin.fileno(), meta, rests=True).to_json())


if __name__ == "__main__":
    main()
