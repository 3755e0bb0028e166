"""`paasq stop`"""

from __future__ import annotations

import os
import signal
import time
from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.open_database import folder_of
from paasq_daemon.store.folder_holder import folder_holder, has_open
from paasq_daemon.wire.errors import DaemonUnavailable, FolderInUse

_POLL_S = 0.02


def stop(
    data: options.Data = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for its end.")] = 30.0,
) -> None:
    """End the daemon of the store, and wait until it has ended.

    Requests under way have a moment to finish. Where no daemon runs, that is said, and is no error.
    """
    folder = folder_of(data)
    holder = folder_holder(folder)
    if holder is None:
        typer.echo(f"no daemon runs on {folder}")
        return
    if holder.pid is None or holder.socket is None:
        raise FolderInUse(
            f"{folder} is in use by process {holder.pid or 'unknown'}, which is no daemon", "end that command itself"
        )
    if not has_open(holder.pid, folder):
        raise DaemonUnavailable(
            f"the daemon of {folder} is process {holder.pid} of another container or machine", "stop it there"
        )
    os.kill(holder.pid, signal.SIGTERM)
    until_s = time.monotonic() + timeout
    while folder_holder(folder) == holder:
        if time.monotonic() > until_s:
            raise DaemonUnavailable(
                f"process {holder.pid} has not ended after {timeout:g} s", f"wait longer, or `kill -9 {holder.pid}`"
            )
        time.sleep(_POLL_S)
    typer.echo(f"stopped process {holder.pid}")
