from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.process import Daemon


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder to be; its path is short, as a socket's must be."""
    path = Path(tempfile.mkdtemp(prefix="paasq"))
    yield path / "data"
    shutil.rmtree(path)


@pytest.fixture
def daemon(folder: Path) -> Iterator[Daemon]:
    """Running on an empty folder."""
    daemon = Daemon(folder)
    daemon.start()
    yield daemon
    daemon.end()
