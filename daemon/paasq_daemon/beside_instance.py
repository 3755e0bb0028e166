"""An instance of a store that another process has open: it answers what only reads, and refuses the rest."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn, cast

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.backends.embedded import EmbeddedBackend
from paasq_daemon.commands.dispatch import run_command
from paasq_daemon.commands.runner import CommandServices
from paasq_daemon.compiler import Compiler, mutating_keyword
from paasq_daemon.embed.minilm import bundled_embedder
from paasq_daemon.engine import Engine
from paasq_daemon.index.beside_indexes import BesideIndexes
from paasq_daemon.instance import Instance
from paasq_daemon.services.catalog import CatalogService
from paasq_daemon.services.records import RecordService
from paasq_daemon.services.snapshots import SnapshotService, own_snapshots
from paasq_daemon.services.status import status_beside
from paasq_daemon.snapshot.encryption_key import KeySource
from paasq_daemon.statement_runner import Runnable
from paasq_daemon.store.shared_store import SharedStore
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.errors import FolderInUse, StoreError
from paasq_daemon.writes.vectorizer import Vectorizer
from paasq_dsl.bound import BoundCommand


def open_beside(folder: Path, in_use: FolderInUse) -> Instance:
    """The store that another process has open, which is what `in_use` says: whatever would write raises it. For one thread.
    Raises it too where the store cannot be read, as where it is being made."""
    with ExitStack() as resources:
        try:
            store = resources.enter_context(SharedStore(folder))
            scratch = Path(resources.enter_context(TemporaryDirectory(prefix="paasq-beside-")))
            indexes = BesideIndexes(folder, store, scratch)
        except StoreError as error:
            raise in_use from error
        resources.callback(indexes.close)
        refused = cast("Any", _Refused(in_use))
        vectors = Vectorizer(cast("Any", store), bundled_embedder())
        snapshots = _Snapshots(store, in_use)
        commands = CommandServices(cast("Any", store), vectors, snapshots, refused)
        catalog = CatalogService(store, indexes)
        compiler = Compiler(EmbeddedBackend(indexes, vectors.embed_query, lambda: own_snapshots(folder)))
        statements = cast("Any", _Statements(commands, in_use))
        return Instance(
            store=cast("Any", store),
            indexes=cast("Any", indexes),
            engine=Engine(indexes, catalog, compiler, statements),
            statements=statements,
            vectors=vectors,
            records=RecordService(cast("Any", store), refused),
            catalog=catalog,
            snapshots=snapshots,
            status=cast("Any", _Status(store, indexes, in_use)),
            watches=refused,
            forgetting=refused,
            schema=refused,
            archives=refused,
            upkeep=refused,
            compaction=refused,
            retention=refused,
            embedding=refused,
            scrub=refused,
            health=refused,
            resources=resources.pop_all(),
        )
    raise AssertionError("it ends by its return or its error")


@dataclass(frozen=True)
class _Refused:
    """A service that only the process that has the store can give."""

    _in_use: FolderInUse

    def __getattr__(self, name: str) -> NoReturn:
        raise self._in_use


class _Snapshots(SnapshotService):
    """Lists, verifies, restores and deletes: what needs no open store."""

    def __init__(self, store: SharedStore, in_use: FolderInUse) -> None:
        super().__init__(cast("Any", store))
        self._in_use = in_use

    def _place(self, to: str | None, key: KeySource | None) -> NoReturn:
        del to, key
        raise self._in_use


@dataclass(frozen=True)
class _Statements:
    """A StatementRunner: of what is no query only commands that read."""

    commands: CommandServices
    in_use: FolderInUse

    def run(self, step: Runnable, inputs: ExecutionInputs, catalog_version: int) -> Answer:
        """As StatementRunner has it. Raises FolderInUse for what writes, and for a dryrun, which the writer does."""
        del catalog_version
        if not isinstance(step, BoundCommand) or mutating_keyword(step) is not None:
            raise self.in_use
        return run_command(self.commands, step, inputs)


@dataclass(frozen=True)
class _Status:
    store: SharedStore
    indexes: BesideIndexes
    in_use: FolderInUse

    def report(self) -> dict[str, Any]:
        """What can be told of a store beside the process that has it."""
        return {"in_use": self.in_use.message, **status_beside(self.store, self.indexes)}
