"""Where a page of the manual runs: a folder, a store, and a daemon once the page has started one."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from clients.typescript import TYPESCRIPT, require_typescript
from docs.page import Block
from paasq_daemon.cli import consoles
from paasq_daemon.cli.main import main
from paasq_daemon.instance import Instance
from paasq_daemon.server.executor import ThreadExecutor
from paasq_daemon.server.limits import Limits
from paasq_daemon.server.listener import Listener
from paasq_daemon.server.methods.call import ServerContext
from paasq_daemon.wire.default_paths import socket_path

SAMPLES = Path(__file__).parents[2] / "samples"
NOW_NS = 1_795_338_000 * 10**9  # Sunday, 22 November 2026, 09:00 UTC
WIDTH = 110
_ELAPSED = re.compile(r", \d+\.\d ms\b| in \d+\.\d s \([\d,]+ a second\)")
_CURSOR = re.compile(r'next page: after "(\S+)"')


class Place:
    """Open for one page at a time: the working folder, the clock and the environment are the process's."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._names: dict[str, Any] = {"__name__": "manual"}
        self._cursor = ""
        self._run: dict[str, Callable[[str], tuple[str, bool]]] = {
            "paasq": self._query, "sh": self._commands, "python": self._program, "js": self._node,
            "json request": self._requests,
        }  # fmt: skip

    def run(self, block: Block) -> tuple[str, bool]:
        """What the block prints, without elapsed times and the folder's name, and whether it succeeded."""
        if block.file:
            path = Path(block.file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
            return "", True
        printed, well = self._run[block.kind](block.text)
        if cursor := _CURSOR.search(printed):
            self._cursor = cursor[1]
        lines = _ELAPSED.sub("", printed).replace(str(self._folder), "/home/mira").splitlines()
        return "".join(f"{line.rstrip()}\n" for line in lines).strip("\n") + "\n", well

    def copy_data_to(self, folder: Path) -> None:
        shutil.copytree(self._folder / "data", folder)

    def _query(self, text: str) -> tuple[str, bool]:
        parameters = ["-p", f"cursor={self._cursor}"] if "$cursor" in text else []
        return _command(["query", text.strip("\n"), *parameters])

    def _commands(self, text: str) -> tuple[str, bool]:
        printed, well = [], True
        for line in text.replace("\\\n", "").splitlines():
            words = shlex.split(line, comments=True)
            if words in (["paasq", "serve", "&"], ["paasq", "serve", "--wait-ready"]):
                self._stack.enter_context(_daemon(self._folder / "data"))
            elif words:
                assert words[0] == "paasq", f"{line}: only paasq runs here; say `sh not run`"
                shown, ended_well = _command(words[1:])
                printed.append(shown)
                well = well and ended_well
        return "".join(printed), well

    def _program(self, text: str) -> tuple[str, bool]:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(text, "<manual>", "exec"), self._names)  # the manual's own programs
        return printed.getvalue(), True

    def _node(self, text: str) -> tuple[str, bool]:
        require_typescript()
        modules = self._folder / "node_modules"
        modules.mkdir(exist_ok=True)
        if not (modules / "paasq").exists():
            (modules / "paasq").symlink_to(TYPESCRIPT)
        (self._folder / "program.mjs").write_text(text, "utf-8")
        ended = subprocess.run(["node", "program.mjs"], capture_output=True, text=True, timeout=60, check=False)
        return ended.stdout + ended.stderr, ended.returncode == 0

    def _requests(self, text: str) -> tuple[str, bool]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(socket_path(self._folder / "data")))
            answers = connection.makefile("r", encoding="utf-8")
            said = []
            for line in text.splitlines():
                connection.sendall(f"{line}\n".encode())
                said.append(_laid_out(_without_times(json.loads(answers.readline()))))
        return "".join(f"{each}\n" for each in said), True


@contextmanager
def place(folder: Path, data: Path | None) -> Iterator[Place]:
    """A place in a folder that is not there yet, its store a copy of `data`, or a new one."""
    folder.mkdir()
    (folder / "samples").symlink_to(SAMPLES)
    if data is not None:
        shutil.copytree(data, folder / "data")
    else:
        Instance.open(folder / "data", sync=False).close()
    commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # where a program finds paasq
    environment = {
        "PAASQ_DATA": str(folder / "data"),
        "COLUMNS": str(WIDTH),
        "PATH": commands,
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    with (
        chdir(folder),
        patch.dict(os.environ, environment),
        patch("time.time_ns", lambda: NOW_NS),
        _consoles(),
        ExitStack() as stack,
    ):
        yield Place(folder, stack)


def _command(words: list[str]) -> tuple[str, bool]:
    """`paasq` with these words, in this process: both its streams, and whether it ended with 0."""
    printed = io.StringIO()
    code: Any = 0
    with patch.object(sys, "argv", ["paasq", *words]), redirect_stdout(printed), redirect_stderr(printed):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    return printed.getvalue(), not code


@contextmanager
def _consoles() -> Iterator[None]:
    """Consoles as wide as COLUMNS says here, and made anew for the tests that follow."""
    for console in (consoles.stdout_console, consoles.stderr_console):
        console.cache_clear()
    yield
    for console in (consoles.stdout_console, consoles.stderr_console):
        console.cache_clear()


@contextmanager
def _daemon(data: Path) -> Iterator[None]:
    """`paasq serve`, in a thread of this process."""
    instance = Instance.open(data, sync=False)
    loop = asyncio.new_event_loop()
    limits = Limits(grace_s=1.0)
    service = ServerContext.of(
        instance, ThreadExecutor(instance.engine, limits.frame_bytes_max), limits.frame_bytes_max
    )
    listener = Listener(service, socket_path(data), limits)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(listener.start(), loop).result(5)
    try:
        yield
        assert asyncio.run_coroutine_threadsafe(listener.stop(), loop).result(10), "requests outlived the daemon"
    finally:
        listener.remove_socket()
        service.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
        instance.close()


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_times(each) for name, each in value.items() if name != "elapsed_ms"}
    return [_without_times(each) for each in value] if isinstance(value, list) else value


def _laid_out(value: Any, indent: str = "") -> str:
    """JSON in which what fits into a line is on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= WIDTH or not value or not isinstance(value, dict | list):
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(name)}: {_laid_out(each, deeper)}" for name, each in value.items()]
        return "{\n" + ",\n".join(deeper + part for part in parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(deeper + _laid_out(each, deeper) for each in value) + f"\n{indent}]"
