"""`paasq snapshot keygen` and `paasq snapshot rekey`: the keys that snapshots are encrypted and signed by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import folder_of


def keygen(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist yet.")],
    signing: Annotated[
        bool, typer.Option("--signing", help="A pair to sign by instead: FILE, and FILE.pub to verify by.")
    ] = False,
    as_json: options.JsonOutput = False,
) -> None:
    """Make a key that snapshots are encrypted by. Keep a copy of it elsewhere: without it they are lost."""
    from paasq_daemon.snapshot.encryption_key import write_key_file
    from paasq_daemon.snapshot.signature import write_signing_key

    if signing:
        signer = write_signing_key(file)
        write_object({"private": str(file), "public": f"{file}.pub", "fingerprint": signer}, as_json=as_json)
    else:
        write_key_file(file)
        write_object({"key_file": str(file)}, as_json=as_json)


def rekey(
    new_key_file: Annotated[
        Path | None, typer.Option("--new-key-file", metavar="FILE", help="The new key.", show_default=False)
    ] = None,
    new_passphrase_file: Annotated[
        Path | None,
        typer.Option(
            "--new-passphrase-file", metavar="FILE", help="A file with the new passphrase.", show_default=False
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Let the keys that open them now do so from now on, too.")
    ] = False,
    from_: options.From = None,
    key_file: options.KeyFile = None,
    passphrase_file: options.PassphraseFile = None,
    data: options.Data = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Change the key or passphrase that opens encrypted snapshots, or add one. The schedule of --data gets the new one where it
    puts snapshots there."""
    from paasq_daemon.snapshot.encrypted_storage import change_key
    from paasq_daemon.snapshot.encryption_key import environment_key, given_key
    from paasq_daemon.snapshot.locate import locate_storage
    from paasq_daemon.snapshot.schedule import schedule_with_key, write_schedule

    key = given_key(key_file, passphrase_file) or environment_key()
    new = given_key(new_key_file, new_passphrase_file)
    if new is None or key is None:
        raise typer.BadParameter("give the key that opens them now, and --new-key-file or --new-passphrase-file")
    folder, new = folder_of(data), new.absolute()
    storage = locate_storage(str(folder) if from_ is None else from_)
    schedule = None if keep else schedule_with_key(folder, storage.address, new)
    done: dict[str, Any] = {"where": storage.address, "keys": change_key(storage, key, new, keep=keep)}
    if schedule is not None:
        write_schedule(folder, schedule)
        done["schedule"] = f"now has {new.path}"
    write_object(done, as_json=as_json)
