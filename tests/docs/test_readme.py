"""The lines of the README that talk to the daemon run as they stand, with nothing but a shell, Python and paasq."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


@pytest.fixture
def home() -> Iterator[Path]:
    """Of a user who has paasq, and no settings. Short, as a socket's path must be."""
    path = Path(tempfile.mkdtemp(prefix="paasq"))
    (path / "bin").mkdir()
    (path / "bin" / "paasq").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m paasq_daemon "$@"\n')
    (path / "bin" / "paasq").chmod(0o700)
    yield path
    shutil.rmtree(path)


def test_the_lines_about_the_socket_run_as_they_stand(home: Path) -> None:
    environment = {"HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}"}

    def run(script: str) -> str:
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", script],
            cwd=home, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    (schema,) = re.findall(r"```paasq\n(/// What.*?)```", README, re.DOTALL)
    (home / "notes.paasq").write_text(schema)
    run("paasq run notes.paasq")
    (lines,) = (block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "--wait-ready" in block)
    try:
        said = run(lines)
    finally:
        run("paasq stop")
    assert "nc " not in lines, "which a bare Debian does not have"
    assert said.count("What the flat costs") == 2, "the command and the program are both answered"
