"""Bringing a store of format 1 to format 2: it is copied, compared, and swapped by renames. A kill at any step loses nothing.

| step | after a kill here |
|---|---|
| 1. copy to `migration/`, entry by entry; sync | format 1: `migration` is removed and begun anew |
| 2. compare | the same |
| 3. `format` says 2 and `migrating`: from here it only goes forward | `finish_migration` goes on |
| 4. `store` becomes `store.1`, `migration/store` becomes `store` | the names tell what was done |
| 5. `format` says 2; `index`, `store.1` and `migration` are removed | what is left goes at the next start |
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from paasq_daemon.store.data_folder import (
    STORE_NAME,
    fsync_folder,
    is_migrating,
    write_format,
)
from paasq_daemon.store.entry_codec import decode
from paasq_daemon.store.format1 import Format1Store, Format1View
from paasq_daemon.store.layout import COLLECTION_KEY, STORE_FORMAT_VERSION, VECTOR_KEY
from paasq_daemon.store.lmdb_environment import DATA_NAME
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store_import import StoreImport, batched
from paasq_daemon.wire.errors import StoreError
from paasq_dsl.catalog import Catalog, catalog_from_json

T = TypeVar("T")

_WORK_NAME = "migration"
_OLD_NAME = "store.1"
_INDEX_NAME = "index"  # derived: it is built anew


def migrate(folder: Path, on_copied: Callable[[int, int], None] = lambda *_: None) -> None:
    """Bring the store of a folder from format 1 to this one. The caller holds the folder's lock, and a snapshot was made.

    `on_copied` is called with the versions of records that were copied so far, and how many there are.
    Raises StoreError where the disk has no room for a copy, or the copy differs from what was copied; CorruptRecord where an
    entry is damaged. The store is then as it was.
    """
    work = folder / _WORK_NAME
    shutil.rmtree(work, ignore_errors=True)
    _require_room(folder)
    work.mkdir(mode=0o700)
    with Format1Store(folder).read() as old, StoreImport(work) as new:
        _copy(old, new, on_copied)
        _compare(old, new)
        new.sync()
    fsync_folder(work / STORE_NAME)
    fsync_folder(work)
    write_format(folder, STORE_FORMAT_VERSION, migrating=True)
    finish_migration(folder)


def finish_migration(folder: Path) -> None:
    """Do what is left of a migration whose copy is whole. Does nothing where none is under way. The caller holds the lock.

    Raises StoreError, and changes nothing, where the copy is gone.
    """
    work, old, store = folder / _WORK_NAME, folder / _OLD_NAME, folder / STORE_NAME
    if is_migrating(folder):
        if not (work / STORE_NAME).exists() and not (old.exists() and store.exists()):
            raise StoreError(
                f"the store in {folder} was being copied to format {STORE_FORMAT_VERSION}, and {work / STORE_NAME} is gone",
                f"nothing was changed: name the store that is left, {old if old.exists() else store}, `store`, write its format "
                '{"store_format": 1} into the file `format`, and open it again',
            )
        if not old.exists():
            store.rename(old)
            fsync_folder(folder)
        if not store.exists():
            (work / STORE_NAME).rename(store)
            fsync_folder(folder)
        shutil.rmtree(folder / _INDEX_NAME, ignore_errors=True)
        write_format(folder, STORE_FORMAT_VERSION)
    for left in (old, work):
        shutil.rmtree(left, ignore_errors=True)


def _copy(old: Format1View, new: StoreImport, on_copied: Callable[[int, int], None]) -> None:
    live = {(COLLECTION_KEY.unpack_from(key)[0], entry.ordinal) for key, entry in old.live()}
    copied, total = 0, old.count("records")
    for records in batched(old.records()):
        with new.transaction() as transaction:
            for record in records:
                is_live = (record.collection_id, record.ordinal) in live
                transaction.import_record(record, live=is_live, pending=())
        copied += len(records)
        on_copied(copied, total)
    for entries in batched(old.entries("vectors")):
        with new.transaction() as transaction:
            for key, vector in entries:
                id_, field_id, ordinal = VECTOR_KEY.unpack(key)
                transaction.import_vector(id_, field_id, ordinal, vector, live=(id_, ordinal) in live)
    for entries in batched(old.entries("pending")):
        with new.transaction() as transaction:
            for key, _ in entries:
                transaction.import_pending(*VECTOR_KEY.unpack(key))
    for journal in batched(old.journal()):
        with new.transaction() as transaction:
            for entry in journal:
                transaction.import_journal_entry(entry)
    counters, start = old.all_collection_counters(), old.state.journal_start
    with new.transaction() as transaction:
        for catalog in _catalogs(old):
            transaction.import_catalog(catalog, present=catalog.version == old.catalog.version)
        for id_, state in counters.items():
            transaction.import_next_ordinal(id_, state.next_ordinal)
        transaction.import_counters(replace(old.state, catalog_start=start), dict.fromkeys(counters, start))


def _catalogs(old: Format1View) -> Iterator[Catalog]:
    """The present one and those of the past."""
    for key, payload in old.entries("meta"):
        if key.startswith(b"catalog/"):
            yield catalog_from_json(decode(payload))


def _compare(old: Format1View, new: StoreImport) -> None:
    """Raises StoreError where the copy is not sound, or does not read as what was copied."""
    findings = [str(finding) for finding in new.check()]
    with new.read() as view:
        findings += islice(_differences(old, view), 1)
    if findings:
        raise StoreError(
            f"the copy of the store in the new format differs from it, and is not used: {findings[0]}",
            "keep the folder, use the paasq that it was made with, and report this",
        )


def _differences(old: Format1View, view: ReadView) -> Iterator[str]:
    for record in old.records():
        if view.record(record.collection_id, record.ordinal) != record:
            yield f"record {record.ordinal} of collection {record.collection_id}"
    for key, entry in old.live():
        id_, name = COLLECTION_KEY.unpack_from(key)[0], key[COLLECTION_KEY.size :].decode()
        if (view.ordinal(id_, name), view.version(id_, name)) != entry[:2]:
            yield f"the key {key.hex()}"
    for table in ("vectors", "pending"):
        of = view.tables.vectors if table == "vectors" else view.tables.pending
        for key, payload in old.entries(table):
            if of.get(view.txn, key) != payload:
                yield f"the entry {key.hex()} of {table}"
    counts = (view.tables.bodies, view.tables.live, view.tables.vectors, view.tables.pending)
    for name, table_ in zip(("records", "keys", "vectors", "pending"), counts, strict=True):
        if old.count(name) != table_.count(view.txn):
            yield f"it has {table_.count(view.txn)} entries of {table_.name}, not {old.count(name)}"
    for before, after in zip(old.journal(), view.kept_journal(), strict=True):
        grouped = tuple(sorted(before.changes, key=lambda change: change.collection))
        if (before.seq, before.time_us, grouped) != (after.seq, after.time_us, after.changes):
            yield f"entry {before.seq} of the journal"
    if (old.seq, old.catalog) != (view.seq, view.catalog):
        yield "the sequence number, or the catalog"


def _require_room(folder: Path) -> None:
    needed = (folder / STORE_NAME / DATA_NAME).stat().st_size
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(
            f"the store in {folder} has format 1 and is copied to format {STORE_FORMAT_VERSION}, which takes {needed:,} bytes, "
            f"and {needed - free:,} are missing on the disk",
            "free some space, or copy the folder to a larger disk",
        )
