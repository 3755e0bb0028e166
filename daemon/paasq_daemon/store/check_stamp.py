"""When the data file of a store was read as a whole: the file `checked` in the data folder."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from paasq_daemon.store.data_folder import CHECKED_NAME, write_atomically

TRUSTED_S = 86_400.0  # for which a stamp tells that the pages are sound


@dataclass(frozen=True, slots=True)
class CheckStamp:
    """`pages_s` is when the pages were walked, `entries_s` when the entries were read, too, and all was sound: seconds since
    1970, None for never. `inode`, `transaction` and `size_bytes` are the data file's at that time."""

    pages_s: float | None = None
    entries_s: float | None = None
    inode: int = 0
    transaction: int = 0
    size_bytes: int = 0

    def is_of(self, file: os.stat_result, transaction: int) -> bool:
        """Whether it was the very file, as it is or at an earlier transaction: not one that was copied or put in its place."""
        same = file.st_ino == self.inode and file.st_size >= self.size_bytes
        return same and transaction >= self.transaction

    @property
    def is_suspect(self) -> bool:
        """Whether damaged pages were found in the file."""
        return self.inode != 0 and self.pages_s is None

    def is_recent(self, now_s: float) -> bool:
        """Whether the pages were walked within a day."""
        return self.pages_s is not None and 0 <= now_s - self.pages_s < TRUSTED_S


def stamp_of(file: os.stat_result, transaction: int, pages_s: float, entries_s: float | None) -> CheckStamp:
    """The stamp of a file whose pages, and whose entries, were sound at these times."""
    return CheckStamp(pages_s, entries_s, file.st_ino, transaction, file.st_size)


def suspect_stamp(file: os.stat_result) -> CheckStamp:
    """The stamp of a file in which damaged pages were found: it is walked before anybody opens it, however long that takes."""
    return CheckStamp(inode=file.st_ino)


def read_stamp(folder: Path) -> CheckStamp:
    """One that says never where the file is missing or damaged."""
    try:
        found = json.loads((folder / CHECKED_NAME).read_bytes())
        pages_s, entries_s = (None if found[name] is None else float(found[name]) for name in ("pages_s", "entries_s"))
        return CheckStamp(pages_s, entries_s, int(found["inode"]), int(found["transaction"]), int(found["size_bytes"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return CheckStamp()


def write_stamp(folder: Path, stamp: CheckStamp) -> None:
    """Replace it atomically, with mode 0600. On a disk that does not take it, the next start reads the file again."""
    with suppress(OSError):
        write_atomically(folder / CHECKED_NAME, json.dumps(asdict(stamp)).encode())
