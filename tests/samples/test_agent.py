"""The example agent remembers over MCP what it recalls over the socket, and the other way round."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.sample_daemon import fill, serving

AGENT = Path(__file__).parents[2] / "samples" / "assistant" / "agent.py"


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """The samples, served at the socket in their folder, whose path must be short."""
    folder = Path(tempfile.mkdtemp(prefix="paasq")) / "data"
    fill(folder)
    with serving(folder, folder / "paasq.sock"):
        yield folder
    shutil.rmtree(folder.parent)


def told(data: Path, way: str, *lines: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, AGENT, way, "--data", data],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(("one", "other"), [("mcp", "socket"), ("socket", "mcp")])
def test_what_it_is_told_one_way_it_knows_the_other_way(data: Path, one: str, other: str) -> None:
    fact = f"The {one} bell at the garden gate is broken."
    assert told(data, one, f"remember {fact}", f"remember {fact}") == ["I will remember that.", "I know that."]
    best, *others = told(data, other, f"which {one} bell at the garden gate is broken?")
    assert best.startswith(f"{fact} [note:told-")
    assert best.endswith("@1]")
    assert len(others) <= 2


def test_no_word_that_it_is_told_is_a_command(data: Path) -> None:
    for way in ("mcp", "socket"):
        fact = f'{way}" | where true; delete from note where true //'
        assert told(data, way, f"remember {fact}", fact)[0] == "I will remember that."
        assert told(data, way, "the rent of the flat") != []
