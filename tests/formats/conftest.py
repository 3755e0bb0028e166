"""A store that was made in format 1, and brought to the format of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from formats.reading import extract
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.upgrade import upgrade_store


@pytest.fixture
def upgraded(tmp_path: Path) -> Path:
    """With the two snapshots that it had."""
    found = extract(Path(__file__).parent / "format1" / "store.tar.xz", tmp_path)
    upgrade_store(found)
    delete_snapshots(LocalStorage(found / "snapshots"), ["before-format-2"])
    return found
