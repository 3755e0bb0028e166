"""The keys of a forget that is under way: in a file beside the data file, which is removed at its end, so that what goes on after
a kill knows them, and nothing that stays does."""

from __future__ import annotations

import json
from collections.abc import Container
from pathlib import Path
from secrets import token_hex

from paasq_daemon.store.data_folder import STORE_NAME, fsync_folder, write_atomically

_PREFIX = "forgetting-"


def keep_keys(folder: Path, keys: frozenset[str]) -> str:
    """Write the file, durably. Returns its name."""
    name = f"{_PREFIX}{token_hex(8)}.json"
    write_atomically(folder / STORE_NAME / name, json.dumps(sorted(keys)).encode())
    return name


def read_keys(folder: Path, name: str) -> frozenset[str] | None:
    """None where the file is gone or not as it was written."""
    try:
        keys = json.loads((folder / STORE_NAME / name).read_bytes())
    except (OSError, ValueError):
        return None
    return frozenset(keys) if isinstance(keys, list) and all(isinstance(key, str) for key in keys) else None


def remove_keys(folder: Path, kept: Container[str] = ()) -> None:
    """Remove the files, those of these names aside, and also what was left of one that was being written."""
    for path in (folder / STORE_NAME).glob(f"{_PREFIX}*"):
        if path.name not in kept:
            path.unlink(missing_ok=True)
    fsync_folder(folder / STORE_NAME)
