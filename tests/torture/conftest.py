from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.conftest import folder
from daemon.process import Daemon

__all__ = ["folder"]


@pytest.fixture
def daemon(folder: Path) -> Iterator[Daemon]:  # the fixture
    """Not running yet."""
    daemon = Daemon(folder)
    yield daemon
    daemon.end()
