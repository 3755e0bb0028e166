"""`paasq service`"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.open_database import folder_of
from paasq_daemon.wire.errors import InvalidValue

service = typer.Typer(no_args_is_help=True)

_SOCKET_UNIT = """\
[Unit]
Description=Socket of paasq, the local data store

[Socket]
ListenStream={socket}
SocketMode=0600
DirectoryMode=0700
Backlog=1024
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
"""
_SERVICE_UNIT = """\
[Unit]
Description=paasq, the local data store
Requires={name}.socket
After={name}.socket

[Service]
Type=notify
ExecStart={command}
TimeoutStartSec=infinity
TimeoutStopSec=30
WatchdogSec=60
Restart=on-failure
UMask=0077
NoNewPrivileges=yes

[Install]
Also={name}.socket
WantedBy=default.target
"""

Name = Annotated[str, typer.Option("--name", help="The name of the units: another one for each store.")]


@service.command()
def install(data: options.Data = None, name: Name = "paasq") -> None:
    """Write the unit files, and say how they are started.

    systemd listens on the store's socket, and starts the daemon at the first connection.
    """
    folder = folder_of(data).absolute()
    socket = options.configuration(folder).socket(folder)
    command = [sys.executable, "-m", "paasq_daemon", "serve", "--data", str(folder)]
    units = {
        f"{name}.socket": _SOCKET_UNIT.format(socket=_escaped(str(socket))),
        f"{name}.service": _SERVICE_UNIT.format(name=name, command=" ".join(map(_quoted, command))),
    }
    units_folder().mkdir(parents=True, exist_ok=True)
    for unit, text in units.items():
        (units_folder() / unit).write_text(text, "utf-8")
        typer.echo(f"wrote {units_folder() / unit}")
    typer.echo(f"start it:  systemctl --user daemon-reload && systemctl --user enable --now {shlex.quote(name)}.socket")


@service.command()
def uninstall(name: Name = "paasq") -> None:
    """Remove the unit files. Units that run go on until they are stopped."""
    found = [path for unit in ("socket", "service") if (path := units_folder() / f"{name}.{unit}").exists()]
    if not found:
        raise InvalidValue(f"there are no units of the name {name} in {units_folder()}", "name them by --name")
    for path in found:
        path.unlink()
        typer.echo(f"removed {path}")
    typer.echo(f"stop it:  systemctl --user stop {name}.socket {name}.service && systemctl --user daemon-reload")


def units_folder() -> Path:
    """Where systemd finds the units of a user."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "systemd" / "user"


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """As ExecStart takes a word."""
    inner = _escaped(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return inner if inner and not set(inner) & set(" '\";\\") else f'"{inner}"'
