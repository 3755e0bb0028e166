from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_server.serving import ERAS, filled
from paasq._embedded_database import EmbeddedDatabase


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    """The revision that a client speaks: the present one, or those that begin with `initialize`."""
    return str(request.param)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedDatabase]:
    """The samples, for tests that only read."""
    with filled(tmp_path_factory.mktemp("store") / "data") as database:
        yield database


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[EmbeddedDatabase]:
    """The samples, for one test that writes."""
    with filled(tmp_path / "data") as database:
        yield database
