"""`paasq import COLLECTION FILE`"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.error_output import EXIT_FAILURE
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import PaasqError
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.diagnostics import similar_names

if TYPE_CHECKING:
    from rich.progress import Progress

    from paasq_daemon.sources.input_record import InputRecord

_REJECTS_SHOWN = 10
_GO_ON = "the same command goes over the file again and brings in the rest"


def import_file(
    collection: Annotated[
        str, typer.Argument(metavar="COLLECTION", help="Declared already; its key identifies a record.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".jsonl, .csv with a header, or either as .gz.")],
    rejects: Annotated[
        Path | None, typer.Option("--rejects", metavar="PATH", help="Where bad lines go; else FILE.rejected.jsonl.")
    ] = None,
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Put the records of a file into a collection; one with a key that exists replaces it.

    A line that is not a record, or that the store refuses, is reported and kept in the reject file; the others are
    stored, and how many replaced an earlier record, of the file or of the store, is said. The exit code is 1 if a line
    was rejected. Vectors are computed later, by `paasq embed` or the daemon.
    """
    from paasq_daemon.cli.consoles import stderr_console
    from paasq_daemon.sources.bulk_load import bulk_load
    from paasq_daemon.sources.line_reader import LineFile
    from paasq_daemon.sources.readers import reader_of
    from paasq_daemon.sources.reject_file import RejectFile

    if rejects is not None and rejects.resolve() == file.resolve():
        raise typer.BadParameter("this is the file to import", param_hint="--rejects")
    read = reader_of(file)
    kept = RejectFile(rejects or file.with_name(f"{file.name}.rejected.jsonl"))
    started_s = time.monotonic()
    stored = 0
    with open_database(data, socket) as database, LineFile(file) as lines, kept:
        target = _declared(database.catalog(), collection)
        before = _count(database, collection)
        with _progress() as bar:
            task = bar.add_task(collection, total=lines.size_bytes, records=0)

            def reject(entry: InputRecord) -> None:
                kept.write(entry)
                if kept.count <= _REJECTS_SHOWN:
                    bar.console.print(f"{file}:{entry.line}: {entry.error}", soft_wrap=True)

            try:
                for count in bulk_load(read(lines, target), lambda records: database.put(collection, records), reject):
                    stored += count
                    bar.update(task, completed=lines.position_bytes, records=stored)
            except KeyboardInterrupt:
                bar.stop()
                stderr_console().print(f"stopped after {_records(stored)} into {collection}: {_GO_ON}", soft_wrap=True)
                raise
        replaced = stored - (_count(database, collection) - before)
    took_s = time.monotonic() - started_s
    stderr_console().print(f"{_records(stored)} into {collection} in {took_s:.1f} s ({stored / took_s:,.0f} a second)")
    if replaced > 0:
        which = "it" if stored == 1 else f"{replaced:,} of them"
        stderr_console().print(f"{which} had the key of an earlier record, and replaced it", soft_wrap=True)
    if kept.count:
        stderr_console().print(f"{kept.count:,} rejected; they are kept in {kept.path}", soft_wrap=True)
        raise typer.Exit(EXIT_FAILURE)


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"


def _count(database: Database, collection: str) -> int:
    return int(database.status()["collections"][collection]["records"])


def _declared(catalog: Catalog, name: str) -> Collection:
    if name not in catalog.collections:
        known = similar_names(name, catalog.collections) or tuple(catalog.collections)
        hint = f"there is {', '.join(known)}" if known else "declare it first: collection NAME { key id: keyword ... }"
        raise PaasqError(f"there is no collection {name}", hint)
    return catalog.collections[name]


def _progress() -> Progress:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from paasq_daemon.cli.consoles import stderr_console

    columns = [TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()]
    columns += [TextColumn("{task.fields[records]:,} records"), TimeRemainingColumn()]
    return Progress(*columns, console=stderr_console(), transient=True, disable=not stderr_console().is_terminal)
