"""A page of the manual as its blocks, each with the answer printed after it.

    ```paasq          a text: run as `paasq query` runs it; `$cursor` is the cursor of the answer before
    ```sh             commands of `paasq`, one a line; `paasq serve &` or `--wait-ready` starts a daemon for the rest of the page
    ```python         a program; what blocks define, those after them may use
    ```js             a program by itself, for Node with the package of clients/typescript; where either is missing, the page is
                      skipped from there
    ```json request   messages to the daemon, one a line, as in a socket
    ```paasq day.paasq, ```jsonl mail.jsonl, ```csv ...
                      a file of that name in the page's folder
    ```text, ```json  after one of these: exactly what it prints. UPDATE=1 writes it. Elapsed times are left out
    ```sh not run     shown only

Every other block is shown only. A page runs from top to bottom in a store of its own, with the bundled model, in a folder
that has `samples` in it, at nine in the morning of 22 November 2026, UTC. What is printed nowhere must not fail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
RUN = frozenset({"paasq", "sh", "python", "js", "json request"})
_BLOCK = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"\w+ ([\w/]+\.\w+)")


@dataclass(frozen=True, slots=True)
class Block:
    """`kind` is what follows the back-ticks, `at` where its text begins in the page; both end with a newline."""

    kind: str
    text: str
    at: int
    line: int

    @property
    def file(self) -> str | None:
        """The name of the file that this is."""
        named = _FILE.fullmatch(self.kind)
        return named[1] if named else None


@dataclass(frozen=True, slots=True)
class Example:
    """A block that runs, and the answer that the page prints after it."""

    block: Block
    printed: Block | None


def pages() -> list[Path]:
    return sorted(DOCS.rglob("*.md"))


def blocks(page: str) -> list[Block]:
    return [
        Block(found[1].strip(), found[2], found.start(2), page.count("\n", 0, found.start()) + 1)
        for found in _BLOCK.finditer(page)
    ]


def examples(page: str) -> list[Example]:
    """The blocks that run or are files, in the order of the page."""
    found = blocks(page)
    return [
        Example(block, after if after is not None and _is_answer(block, after) else None)
        for block, after in zip_longest(found, found[1:])
        if block.kind in RUN or block.file
    ]


def with_answers(page: str, answers: list[tuple[Block, str]]) -> str:
    """The page with another text in each of these blocks."""
    for block, text in reversed(answers):
        page = page[: block.at] + text + page[block.at + len(block.text) :]
    return page


def _is_answer(block: Block, after: Block) -> bool:
    return block.kind in RUN and after.kind in {"text", "json"}
