from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from mcp_server.serving import ERAS
from paasq._embedded_database import EmbeddedDatabase
from server.sample_daemon import fill, opened


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    """The revision that a client speaks: the present one, or those that begin with `initialize`."""
    return str(request.param)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the samples in a store, to be copied."""
    folder = tmp_path_factory.mktemp("filled") / "data"
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def store(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedDatabase]:
    """The samples, for tests that only read."""
    with EmbeddedDatabase(opened(copytree(filled, tmp_path_factory.mktemp("store") / "data"))) as database:
        yield database


@pytest.fixture
def own_store(filled: Path, tmp_path: Path) -> Iterator[EmbeddedDatabase]:
    """The samples, for one test that writes."""
    with EmbeddedDatabase(opened(copytree(filled, tmp_path / "data"))) as database:
        yield database
