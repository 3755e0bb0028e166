"""Copying what is whole in a damaged data file into a new one, entry by entry."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import lmdb

from paasq_daemon.store.counters import decode_store_counters
from paasq_daemon.store.data_file_header import Meta, read_damaged_metas, read_metas
from paasq_daemon.store.entry_codec import verify_checksum
from paasq_daemon.store.layout import STATE_NAME
from paasq_daemon.store.live_entry import decode_live
from paasq_daemon.store.lmdb_environment import translating_errors
from paasq_daemon.store.page_walk import DataFileStructure, walk_data_file
from paasq_daemon.store.tables import TABLE_NAMES, Table, Tables
from paasq_daemon.wire.errors import CorruptRecord

_BATCH_ENTRIES = 20_000
_META_SEED = list(TABLE_NAMES.values()).index("meta")


@dataclass
class Salvage:
    """What was copied, `damaged` the table and key of each entry whose checksum does not hold, which is left behind.
    `lacks_newest`: a header is damaged beyond use, so that transactions that only it led to may lack."""

    structure: DataFileStructure = field(default_factory=DataFileStructure)
    copied: int = 0
    found_again: int = 0  # of those copied, entries that the damaged file leads to no more
    damaged: list[tuple[str, bytes]] = field(default_factory=list)
    lacks_newest: bool = False


def salvage_entries(source: Path, environment: lmdb.Environment, tables: Tables) -> Salvage:
    """Copy each entry whose checksum holds. Raises OSError, and StoreError where no header of the source can be read.

    Entries of pages that nothing leads to any more are told by their checksum, which is seeded by the table.
    """
    found = Salvage()
    waiting: list[tuple[Table, bytes, bytes]] = []
    named = tables.by_stored_name()

    def visit(name: str | None, key: bytes, envelope: bytes) -> None:
        if name is None:
            table = next((table for table in named.values() if table.is_sound(key, envelope)), None)
            if table is not None:
                found.found_again += 1
                waiting.append((table, key, envelope))
        elif name in named and named[name].is_sound(key, envelope):
            waiting.append((named[name], key, envelope))
        else:
            found.damaged.append((TABLE_NAMES.get(name, name), key))
        if len(waiting) >= _BATCH_ENTRIES:
            flush()

    def flush() -> None:
        with translating_errors(), environment.begin(write=True) as txn:
            for table, key, envelope in waiting:
                if _is_newest(txn, table, key, envelope):
                    table.put_raw(txn, key, envelope)
        found.copied += len(waiting)
        waiting.clear()

    header = _newest_header(source)
    if header is not None:
        found.lacks_newest = header.seq is None
    found.structure = walk_data_file(source, visit, header=header and header.meta)
    flush()
    return found


class _Header(NamedTuple):
    """`seq` is the store's sequence number that it leads to; None where only one header is of use."""

    meta: Meta | None
    seq: int | None


def _newest_header(source: Path) -> _Header | None:
    """Where a header is damaged, the one that leads to the later sequence number by pages that are whole; None where none is."""
    if not read_metas(source)[1]:
        return None
    usable: list[tuple[int, int, Meta]] = []  # a transaction of LMDB's need not have a sequence number of its own
    for meta, listed in read_damaged_metas(source):
        state: list[bytes] = []

        def note(name: str | None, key: bytes, envelope: bytes, state: list[bytes] = state) -> None:
            if key == STATE_NAME and TABLE_NAMES.get(name or "") == "meta":
                state.append(envelope)

        faults = set(walk_data_file(source, note, header=meta).faults) - set(read_metas(source)[1])
        if state and not faults:
            with suppress(CorruptRecord):
                seq = decode_store_counters(verify_checksum(_META_SEED, STATE_NAME, state[0])).seq
                usable.append((seq, listed, meta))
    best = max(usable, default=None)
    if best is None:
        return _Header(None, None)
    return _Header(best[2], best[0] if len(usable) > 1 else None)


def _is_newest(txn: lmdb.Transaction[bytes], table: Table, key: bytes, envelope: bytes) -> bool:
    """Of two entries for a key of a record, the one of the later ordinal; of others the first, which was reached."""
    present = txn.get(key, db=table.handle)
    if present is None or table.name != "live":
        return present is None
    mine, other = table.sound_payload(key, envelope), table.sound_payload(key, present)
    return other is None or (mine is not None and decode_live(other) < decode_live(mine))
