"""Writing a whole data file from its pages into a new folder: what a restore does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from paasq_daemon.store.data_folder import FORMAT_NAME, STORE_NAME, fsync_folder, prepare_folder, write_format
from paasq_daemon.store.lmdb_environment import DATA_NAME
from paasq_daemon.wire.errors import StoreError


@contextmanager
def write_new_data_file(folder: Path, store_format: int) -> Iterator[BinaryIO]:
    """A file to write the pages of a data file of this format into; at the end of the block the folder is a data folder, durably.

    Raises StoreError where the folder is not new or empty. Where the block raises, the folder is emptied again; after a
    power cut in it, opening the store raises StoreError: the data file is missing.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder} is not an empty folder", "name a new folder to restore into")
    prepare_folder(folder)
    data_file = folder / STORE_NAME / DATA_NAME
    unfinished = data_file.with_suffix(".new")
    try:
        write_format(folder, store_format)
        with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(data_file)
        fsync_folder(data_file.parent)
        fsync_folder(folder)
    except BaseException:
        shutil.rmtree(folder / STORE_NAME)
        (folder / FORMAT_NAME).unlink(missing_ok=True)
        raise
