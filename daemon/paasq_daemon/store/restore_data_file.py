"""Writing a whole data file from its pages into a new folder: what a restore does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from paasq_daemon.store.data_folder import STORE_NAME, make_folder, write_format
from paasq_daemon.store.lmdb_environment import DATA_NAME


@contextmanager
def write_data_file(folder: Path, store_format: int) -> Iterator[BinaryIO]:
    """A file to write the pages of a data file of this format into, in an empty folder; at the end of the block the folder is
    a data folder. Nothing of the data file is synced.

    The format is written last, so that a folder that was left half filled does not open as a store.
    """
    make_folder(folder / STORE_NAME)
    path = folder / STORE_NAME / DATA_NAME
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        yield file
    write_format(folder, store_format)
