"""Copying what is whole in a damaged data file into a new one, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import lmdb

from paasq_daemon.store.live_entry import decode_live
from paasq_daemon.store.lmdb_environment import translating_errors
from paasq_daemon.store.page_walk import DataFileStructure, walk_data_file
from paasq_daemon.store.tables import TABLE_NAMES, Table, Tables

_BATCH_ENTRIES = 20_000


@dataclass
class Salvage:
    """What was copied, `damaged` the table and key of each entry whose checksum does not hold, which is left behind."""

    structure: DataFileStructure = field(default_factory=DataFileStructure)
    copied: int = 0
    found_again: int = 0  # of those copied, entries that the damaged file leads to no more
    damaged: list[tuple[str, bytes]] = field(default_factory=list)


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

    found.structure = walk_data_file(source, visit)
    flush()
    return found


def _is_newest(txn: lmdb.Transaction[bytes], table: Table, key: bytes, envelope: bytes) -> bool:
    """Of two entries for a key of a record, the one of the later ordinal; of others the first, which was reached."""
    present = txn.get(key, db=table.handle)
    if present is None or table.name != "live":
        return present is None
    mine, other = table.sound_payload(key, envelope), table.sound_payload(key, present)
    return other is None or (mine is not None and decode_live(other) < decode_live(mine))
