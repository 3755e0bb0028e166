"""The pages that are written by hand: each of their blocks runs, in order, and gives what the page says.

UPDATE=1 writes what a block gives behind it, as a block of `text`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from golden import Case
from paasq_daemon.engine import Engine
from properties.worlds import SmallEmbedder
from running import outcome

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```paasq\n(.*?)\n```(?:\n\n```text\n(.*?)\n```)?", re.DOTALL)
NOW = "2026-11-22T12:00:00Z"


@pytest.mark.parametrize("page", ["time.md", "schemas.md"])
def test_every_block_gives_what_the_page_says(page: str, tmp_path: Path) -> None:
    text = (DOCS / page).read_text("utf-8")
    engine = Engine.open(tmp_path, embedder=SmallEmbedder(), sync=False)

    def run(block: re.Match[str]) -> str:
        _, given = outcome(engine, Case(DOCS / page, "", {"query": block[1], "now": NOW}))
        said = given.removesuffix("\ncomplete")
        return f"```paasq\n{block[1]}\n```" + (f"\n\n```text\n{said}\n```" if said else "")

    made = BLOCK.sub(run, text)
    engine.close()
    assert made.count("```paasq") > 5
    if os.environ.get("UPDATE") == "1":
        (DOCS / page).write_text(made, "utf-8")
    assert made == text
