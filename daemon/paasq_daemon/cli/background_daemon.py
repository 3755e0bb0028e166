"""A daemon in the background, and when it is ready."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import typer

from paasq_daemon.cli.error_output import EXIT_FAILURE
from paasq_daemon.configuration.configuration import COMMAND_LINE, Configuration
from paasq_daemon.store.folder_holder import folder_holder
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import ProtocolError

_LOG_NAME = "paasq.log"  # in the data folder, where no other is set: nobody reads what is written to standard error
_POLL_S = 0.02
_ANSWERS_S = 1.0
_OTHER_S = 10.0


def wait_ready(folder: Path, configuration: Configuration) -> None:
    """Return when a daemon of the folder answers, and say which; where none runs, start one. Ends with EXIT_FAILURE where that
    one ends before it answers; then its words are shown."""
    socket = configuration.socket(folder)
    if (pid := answering_pid(socket)) is not None:
        typer.echo(f"ready: process {pid} serves {socket} already")
        return
    with tempfile.TemporaryFile() as said:
        started = subprocess.Popen(  # noqa: S603  # ourselves
            [*_command(folder, configuration)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
            start_new_session=True,
        )  # fmt: skip
        ended_s = 0.0
        while (pid := answering_pid(socket)) is None:
            if (
                started.poll() is not None
                and (ended_s := ended_s or time.monotonic())
                and not _may_come(folder, ended_s)
            ):
                said.seek(0)
                sys.stderr.write(said.read().decode(errors="replace"))
                raise typer.Exit(EXIT_FAILURE)
            time.sleep(_POLL_S)
    typer.echo(f"ready: process {pid} serves {socket}")


def answering_pid(socket: Path) -> int | None:
    """The process of the daemon that answers at the socket; None where none does."""
    try:
        with Client.connect(socket, answers_within_s=_ANSWERS_S) as client:
            return int(client.call("activity", {})["pid"])
    except ProtocolError:
        return None


def _may_come(folder: Path, ended_s: float) -> bool:
    """Whether another process has the folder, which may be a daemon that was started meanwhile and is about to answer."""
    return time.monotonic() < ended_s + _OTHER_S and folder_holder(folder) is not None


def _command(folder: Path, configuration: Configuration) -> list[str]:
    given = {name: str(each.value) for name, each in configuration.values.items() if each.origin == COMMAND_LINE}
    if configuration.of("log.file") is None:
        given["log.file"] = str(folder.absolute() / _LOG_NAME)
    options = [word for name, value in given.items() for word in ("--set", f"{name}={value}")]
    return [sys.executable, "-m", "paasq_daemon", "serve", "--data", str(folder), *options]
