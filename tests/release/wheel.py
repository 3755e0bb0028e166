"""`make wheel`: a source archive, a wheel built from it, and a question asked of the wheel alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
_SMOKE = """
collection note { key id: keyword  body: text(en)  embedding: vector(auto) from body };
put note [{id: "a", body: "Buy lemons for the soup"}, {id: "b", body: "The train to Oslo"}];
"""
_QUESTION = 'from note | find "citrus fruit" | take 1'


def build() -> Path:
    """Empty dist/, put the source archive and the wheel there, and return the wheel's path.

    The wheel is made from the archive, so that one shows what the other lacks. Raises CalledProcessError.
    """
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="paasq-build-") as scratch:
        python = _environment(Path(scratch), "build")
        subprocess.run([python, "-m", "build", "--outdir", DIST, ROOT], check=True, stdout=subprocess.DEVNULL)
    (wheel,) = DIST.glob("paasq-*.whl")
    return wheel


def try_out(wheel: Path) -> None:
    """Install the wheel into an environment of its own, and let its command make a store and find by meaning.

    Raises CalledProcessError, or AssertionError where the answer is another.
    """
    with tempfile.TemporaryDirectory(prefix="paasq-wheel-") as scratch:
        here = Path(scratch)  # the working folder too, so that the sources cannot be imported by chance
        paasq = _environment(here, str(wheel)).with_name("paasq")
        (here / "smoke.paasq").write_text(_SMOKE)

        def run(*words: str) -> str:
            command = [str(paasq), *words, "--data", "data"]
            return subprocess.run(command, cwd=here, check=True, stdout=subprocess.PIPE, text=True).stdout

        run("run", "smoke.paasq")
        run("embed")
        answer = json.loads(run("query", _QUESTION, "--format", "json"))
        assert [row["id"] for row in answer["rows"]] == ["a"], answer


def _environment(folder: Path, package: str) -> Path:
    """The interpreter of a new virtual environment with the package in it."""
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *quiet, package], check=True)
    return python


if __name__ == "__main__":
    made = build()
    try_out(made)
    print(f"{made.relative_to(ROOT)} answers")
