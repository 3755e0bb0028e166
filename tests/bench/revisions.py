"""Another revision's sources against these, alternately: A B A B. Each runs its own benchmark; figures meet by name."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Run

ROOT = Path(__file__).parents[2]
_SOURCES = ("dsl", "daemon", "editor", "tests")


class NoFiguresError(Exception):
    """A revision whose benchmark prints tables only."""


def alternate(revision: str, arguments: Sequence[str], rounds: int) -> Iterator[tuple[Run, Run]]:
    """For each round a run of these sources and one of the revision's. Raises NoFiguresError before the first where that
    has no `--json`, CalledProcessError where there is no such revision or a benchmark fails.
    """
    with tempfile.TemporaryDirectory(prefix="paasq-bench-") as scratch, _checked_out(revision, Path(scratch)) as other:
        if "--json" not in _bench(other, ["--help"]):
            raise NoFiguresError(revision)
        for _ in range(rounds):
            before, now = (_measured(tree, arguments, Path(scratch) / "figures.json") for tree in (other, ROOT))
            yield now, before


def _measured(tree: Path, arguments: Sequence[str], path: Path) -> Run:
    _bench(tree, [*arguments, "--json", str(path)])
    return Run.read(path)


@contextmanager
def _checked_out(revision: str, scratch: Path) -> Iterator[Path]:
    tree = scratch / "tree"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
    try:
        yield tree
    finally:
        subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def _bench(tree: Path, arguments: Sequence[str]) -> str:
    """What that tree's benchmark prints, with its own sources before those that are installed."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(tree / folder) for folder in _SOURCES)}
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
