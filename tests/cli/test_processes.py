"""The command as a process: the daemon, pipes, Ctrl-C, and how long it takes to start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PAASQ = [sys.executable, "-c", "from paasq_daemon.cli.main import main; main()"]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PAASQ, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def daemon(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*PAASQ, "serve"], stderr=subprocess.PIPE, text=True)
    end_s = time.monotonic() + 30
    while not (folder / "paasq.sock").exists() and time.monotonic() < end_s:
        time.sleep(0.02)
    yield process
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


def test_commands_use_the_daemon(daemon: subprocess.Popen[str], folder: Path) -> None:
    assert run("query", "collection task { key id: keyword }").returncode == 0
    put = run("query", 'put task {id: "a"}')
    assert put.returncode == 0, put.stderr
    assert '"id":"a"' in run("query", "from task", "--format", "json", "--socket", folder / "paasq.sock").stdout
    wrong = run("query", "from tsk")
    assert wrong.returncode == 1
    assert "did you mean task?" in wrong.stderr
    assert daemon.poll() is None


@pytest.mark.usefixtures("daemon")
def test_schema_and_dump_through_the_daemon(tmp_path: Path) -> None:
    script = tmp_path / "schema.paasq"
    script.write_text("/// To do.\ncollection task {\n  key id: keyword\n  n: int\n};\n")
    applied = run("schema", "apply", script, "--yes")
    assert applied.returncode == 0, applied.stderr
    assert run("schema", "dump").stdout == script.read_text()
    assert run("query", 'put task {id: "a", n: 1}').returncode == 0
    script.write_text("collection task { key id: keyword  n: text }")
    assert "redefine field n: text" in run("schema", "diff", script).stdout
    wrong = run("schema", "apply", "-")
    assert wrong.returncode == 0, wrong.stderr
    archive = tmp_path / "a.zip"
    dumped = run("dump", archive)
    assert dumped.returncode == 0, dumped.stderr
    used = run("load", archive)
    assert used.returncode == 1
    assert "is in use by process" in used.stderr
    assert run("load", archive, "--data", tmp_path / "new").returncode == 0
    assert '"n":1' in run("query", "from task", "--format", "json", "--data", tmp_path / "new").stdout


def test_a_second_daemon_is_refused(daemon: subprocess.Popen[str], folder: Path) -> None:
    second = run("serve", "--socket", folder / "other.sock")
    assert second.returncode == 1
    assert f"process {daemon.pid}" in second.stderr
    assert "Traceback" not in second.stderr


def test_the_package_is_the_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "paasq_daemon", "--version"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith("paasq ")


@pytest.mark.usefixtures("daemon")
def test_starts_fast() -> None:
    """A query through the daemon loads neither the engine nor the terminal's toolkit."""
    code = (
        "import sys; from paasq_daemon.cli.main import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    assert run("query", "collection task { key id: keyword }").returncode == 0
    shown = subprocess.run(
        [sys.executable, "-c", code, "query", "from task", "--format", "json"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    loaded = set(shown.stderr.split())
    assert "paasq_daemon.wire.client" in loaded
    heavy = {"numpy", "tantivy", "lmdb", "onnxruntime", "rich.table", "prompt_toolkit", "watchfiles", "lark"}
    assert loaded & heavy == set()


@pytest.mark.usefixtures("folder")
def test_a_closed_pipe_is_quiet() -> None:
    command = [*PAASQ, "query", "from task | page 1", "--format", "csv"]
    reading, writing = os.pipe()
    os.close(reading)
    run("query", "collection task { key id: keyword }")
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writing)
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


@pytest.mark.usefixtures("folder")
def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    script = tmp_path / "x.paasq"
    script.write_text("collection task { key id: keyword }")
    process = subprocess.Popen([*PAASQ, "watch", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert any("1 row" in line for line in process.stdout)  # it ran, and is about to wait for the next save
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert process.returncode in {0, 130}
