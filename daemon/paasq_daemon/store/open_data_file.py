"""Opening the data file, after making sure that it can be read without killing the process."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import lmdb

from paasq_daemon.store.check_stamp import CheckStamp, read_stamp, stamp_of, write_stamp
from paasq_daemon.store.data_file_header import UNWRITTEN_BYTES_MAX, newest_meta, truncated_bytes
from paasq_daemon.store.data_folder import (
    FORMAT_NAME,
    MEND_FORMAT,
    STORE_NAME,
    fsync_folder,
    make_folder,
    read_format,
    write_format,
)
from paasq_daemon.store.integrity_check import check_integrity
from paasq_daemon.store.layout import STORE_FORMAT_VERSION
from paasq_daemon.store.lmdb_environment import DATA_NAME, in_words, open_environment, open_readonly, translating_errors
from paasq_daemon.store.page_walk import walk_data_file
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.tables import Tables, make_tables, open_tables, require_format
from paasq_daemon.wire.errors import StoreError

_ENTRIES_OF_NEW_STORE = 2  # its counters and its format
WALKED_BYTES_MAX = 32 << 20  # of a data file whose pages are walked at each start: 0.1 s
WALK_S_MAX = 1.0  # for walking those of a larger one, unless a daemon starts
_WALKED_IN_TIME_BYTES_MAX = 384 << 20  # what that may be enough for: a larger one is left to the daemon


_log = logging.getLogger(__name__)


class DamagedPages(StoreError):
    """What LMDB goes by is damaged."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(
            f"the data file has damaged pages: {faults[0]}"
            + (f", and {len(faults) - 1} more" if len(faults) > 1 else ""),
            "stop what has the store open, and mend it with `paasq doctor --repair`, or restore a snapshot",
        )


def check_format(folder: Path) -> None:
    """Check that this paasq may open the folder. Changes nothing there, so call it first.

    Raises FormatTooNew, and StoreError where the format is an earlier one, or its file damaged, or missing although there are
    records.
    """
    version = read_format(folder)
    if version is not None and version < STORE_FORMAT_VERSION:
        raise StoreError(
            f"the store in {folder} has format {version}, and this paasq writes format {STORE_FORMAT_VERSION}",
            "`paasq status` copies it to the new format, after a snapshot of what it is",
        )
    if version is None and _is_used(folder / STORE_NAME / DATA_NAME):
        path = folder / FORMAT_NAME
        raise StoreError(f"{path} is gone, and with it what says how the records beside it are to be read", MEND_FORMAT)


def open_data(folder: Path, *, sync: bool, walk_s_max: float | None = WALK_S_MAX) -> tuple[lmdb.Environment, Tables]:
    """The environment and tables of a data folder, made where it has none yet.

    Raises FormatTooNew, and StoreError where the data file is missing, truncated, or its header or a page is damaged. Pages of a
    large file that were not walked for a day are so first, for `walk_s_max` seconds at most, None without a limit.
    """
    data_file = folder / STORE_NAME / DATA_NAME
    if read_format(folder) is None:  # new, or its making was interrupted
        _make_data_file(data_file.parent, sync=sync)
        write_format(folder, STORE_FORMAT_VERSION)
    if not data_file.exists():
        raise StoreError(f"{data_file} is gone", "restore the newest snapshot into a new folder")
    missing = truncated_bytes(data_file)
    if missing > UNWRITTEN_BYTES_MAX:
        raise _cut_short(data_file, missing)
    if missing:
        return _open_short(data_file, missing, sync=sync)
    _require_sound_pages(data_file, walk_s_max)
    return _open(data_file, sync=sync)


def pages_checked(folder: Path) -> CheckStamp:
    """Since when the pages of a data file that was just opened are known to be sound."""
    data_file = folder / STORE_NAME / DATA_NAME
    size = data_file.stat().st_size
    stamp = _valid_stamp(data_file)
    if size <= WALKED_BYTES_MAX:
        return replace(stamp, pages_s=time.time())
    return stamp


def _valid_stamp(data_file: Path) -> CheckStamp:
    """That of the very file, as it was then or later; one that says never where there is none."""
    stamp, now = read_stamp(data_file.parents[1]), data_file.stat()
    return stamp if stamp.is_of(now, newest_meta(data_file).transaction) else CheckStamp()


def _require_sound_pages(data_file: Path, walk_s_max: float | None) -> None:
    """Raises StoreError where a page is damaged: LMDB would take a record for absent, or crash. A large file that was walked
    within a day is trusted, and else walked as long as it may take."""
    size = data_file.stat().st_size
    is_large = size > WALKED_BYTES_MAX
    stamp = _valid_stamp(data_file)
    if stamp.is_suspect:
        walk_s_max = None
    if is_large and (stamp.is_recent(time.time()) or (walk_s_max is not None and size > _WALKED_IN_TIME_BYTES_MAX)):
        return
    if is_large and walk_s_max is None:
        _log.info("the pages of the data file are walked, %d MB", size >> 20)
    found = walk_data_file(data_file, seconds_max=walk_s_max if is_large else None)
    if found.faults:
        raise DamagedPages(found.faults)
    if is_large and found.is_whole and os.access(data_file.parents[1], os.W_OK):
        transaction = newest_meta(data_file).transaction
        write_stamp(data_file.parents[1], stamp_of(data_file.stat(), transaction, time.time(), stamp.entries_s))


def open_data_readonly(folder: Path, walk_s_max: float | None = WALK_S_MAX) -> tuple[lmdb.Environment, Tables]:
    """As `open_data`, of a store that no process writes to; no file is made or changed."""
    data_file = folder / STORE_NAME / DATA_NAME
    try:
        missing = truncated_bytes(data_file)
        if missing and walk_data_file(data_file).faults:  # else the missing pages are free, and never read
            raise _cut_short(data_file, missing)
        if not missing:
            _require_sound_pages(data_file, walk_s_max)
        environment = open_readonly(data_file.parent)
    except FileNotFoundError:
        raise StoreError(f"{data_file} is gone", "restore the newest snapshot into a new folder") from None
    except OSError as error:
        raise StoreError(f"{data_file} cannot be read: {error.strerror}", "mend its owner and mode") from error
    except lmdb.Error as error:
        raise in_words(error) from error
    try:
        with translating_errors():
            tables = open_tables(environment)
            require_format(environment, tables)
            return environment, tables
    except BaseException:
        environment.close()
        raise


@contextmanager
def open_readonly_view(folder: Path) -> Iterator[ReadView]:
    """What the newest transaction of a store holds, of which the caller knows that no process writes to it.

    No file is made or changed. Raises StoreError where the data file cannot be opened.
    """
    environment, tables = open_data_readonly(folder)
    with translating_errors(), closing(environment), environment.begin() as txn:
        yield ReadView(txn, tables)


def _make_data_file(store_folder: Path, *, sync: bool) -> None:
    """Make an empty data file beside its place, and rename its folder into it: a kill leaves none or a whole one."""
    unfinished = store_folder.with_name(store_folder.name + ".new")
    for left in (unfinished, store_folder):  # of a making that was killed; `check_format` found that it holds nothing
        if left.exists():
            shutil.rmtree(left)
    make_folder(unfinished)
    with closing(open_environment(unfinished, sync=sync)) as environment, translating_errors():
        make_tables(environment)
    fsync_folder(unfinished)
    unfinished.rename(store_folder)
    fsync_folder(store_folder.parent)


def _is_used(data_file: Path) -> bool:
    """Whether a data file of unknown format holds more than every new store has."""
    if not data_file.exists() or not data_file.stat().st_size:
        return False
    if truncated_bytes(data_file):
        return True
    with translating_errors(), closing(open_readonly(data_file.parent)) as environment, environment.begin() as txn:
        names = [name for name, _ in txn.cursor()]
        handles = [environment.open_db(name, txn=txn, create=False) for name in names]
        return sum(txn.stat(handle)["entries"] for handle in handles) > _ENTRIES_OF_NEW_STORE


def _open(data_file: Path, *, sync: bool) -> tuple[lmdb.Environment, Tables]:
    environment = open_environment(data_file.parent, sync=sync)
    try:
        with translating_errors():
            environment.reader_check()
            tables = open_tables(environment)
            require_format(environment, tables)
            return environment, tables
    except BaseException:
        environment.close()
        raise


def _open_short(data_file: Path, missing: int, *, sync: bool) -> tuple[lmdb.Environment, Tables]:
    """Open a file that lacks pages at its end. That is no damage where they are free, which only an integrity check can tell.

    The file is extended with zeros for it: reading those fails a checksum, reading beyond the end kills the process.
    """
    size = data_file.stat().st_size
    os.truncate(data_file, size + missing)
    opened = None
    try:
        opened = _open(data_file, sync=sync)
        if _is_sound(*opened):
            return opened
    except StoreError:
        pass  # opening already fails: the file was truncated
    if opened is not None:
        opened[0].close()
    os.truncate(data_file, size)
    raise _cut_short(data_file, missing)


def _is_sound(environment: lmdb.Environment, tables: Tables) -> bool:
    with translating_errors(), environment.begin() as txn:
        return not check_integrity(ReadView(txn, tables))


def _cut_short(data_file: Path, missing: int) -> StoreError:
    return StoreError(
        f"{data_file} was cut short: {missing:,} bytes are missing at its end",
        "restore the newest snapshot into a new folder",
    )
