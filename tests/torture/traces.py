"""Everything that is left of a canary."""

from __future__ import annotations

from pathlib import Path

from paasq_daemon.wire.database import Database
from torture.canary import Canary
from torture.door_traces import door_traces
from torture.file_traces import file_traces


def traces(canary: Canary, folder: Path, db: Database) -> list[str]:
    """In the files of the data folder, and through every door of the store that serves it; empty where it is forgotten.

    Files in `snapshots` are among them. The daemon goes on meanwhile: what it has not written yet is not found in files, and
    the doors come first, so that what they make it write is.
    """
    return door_traces(db, canary) + file_traces(folder, canary.needles)
