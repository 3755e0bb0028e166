"""Where the commands on snapshots find them, and their keys."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from paasq_daemon.cli.open_database import folder_of

if TYPE_CHECKING:
    from paasq_daemon.snapshot.encryption_key import KeySource
    from paasq_daemon.snapshot.storage import Storage


def open_snapshots(
    from_: str | None, data: Path | None, key_file: Path | None = None, passphrase_file: Path | None = None
) -> Storage:
    """The storage that `--from` names, else the data folder's. Raises SnapshotError where there are no snapshots, or the key
    does not open them."""
    from paasq_daemon.snapshot.encryption_key import given_key
    from paasq_daemon.snapshot.locate import find_storage

    return find_storage(str(folder_of(data)) if from_ is None else from_, given_key(key_file, passphrase_file))


def key_paths(key: KeySource | None) -> dict[str, Path | None]:
    """A key as the methods of a database take it."""
    return {
        "key_file": key.path if key is not None and key.kind == "key file" else None,
        "passphrase_file": key.path if key is not None and key.kind == "passphrase" else None,
    }


def say_no_schedule(folder: Path) -> None:
    """Tell on standard error that nobody takes snapshots of a store that was just made of another one."""
    from paasq_daemon.cli.consoles import stderr_console

    command = f'paasq snapshot schedule "every 1h keep 24 hourly 7 daily" --data {shlex.quote(str(folder))}'
    stderr_console().print(
        f"no snapshots are taken of {folder} yet: set a schedule, such as\n  {command}", soft_wrap=True
    )


def refuse_with_socket(socket: Path | None, **options: object) -> None:
    """Raises BadParameter where an option is given that a daemon does not take."""
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value]
    if socket is not None and given:
        raise typer.BadParameter(f"{given[0]} does not go with --socket: leave that out")
