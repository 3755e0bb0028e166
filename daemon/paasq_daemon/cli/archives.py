"""`paasq dump FILE` and `paasq load FILE`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import folder_of, open_database
from paasq_daemon.cli.snapshot_storage import say_no_schedule


def dump(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive, a ZIP; one of that name is replaced.")],
    no_vectors: Annotated[
        bool, typer.Option("--no-vectors", help="Leave out vectors that are made of text: they can be made anew.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="With past versions, for `as of`.")] = False,
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Write everything into one archive: the schema, the records, the vectors.

    Inside are a script, JSON lines and NumPy arrays, for whoever leaves; `paasq load` makes a store of it again. The archive
    is there whole or not at all, and holds the store as it was at one moment, while others go on writing.
    """
    with open_database(data, socket) as database:
        done = database.dump(file.absolute(), vectors=not no_vectors, history=history)
    records = {name: each["records"] for name, each in done["collections"].items()}
    write_object(done if as_json else {**done, "collections": records}, as_json=as_json)


def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive of `paasq dump`.")],
    data: options.Data = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Make a data folder of an archive: --data names one that is new, empty, or an empty store.

    It is there whole or not at all, so that a load that was stopped can be run again. Records keep their versions and times.
    """
    import paasq

    folder = folder_of(data)
    write_object(paasq.load(file, folder), as_json=as_json)
    say_no_schedule(folder)
