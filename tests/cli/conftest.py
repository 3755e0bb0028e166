from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from paasq_daemon.cli.main import main


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


Paasq = Callable[..., Outcome]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder that commands find by themselves; its path is short, as a socket's must be."""
    path = Path(tempfile.mkdtemp(prefix="paasq"))
    monkeypatch.setenv("PAASQ_DATA", str(path / "data"))
    monkeypatch.setenv("COLUMNS", "100")
    yield path / "data"
    shutil.rmtree(path)


@pytest.fixture
def command(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Paasq:
    """The command, run in this process: `command("query", "from task")`."""
    assert not folder.exists()

    def run(*arguments: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["paasq", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), shown.out, shown.err)

    return run
