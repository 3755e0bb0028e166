"""A database instance: one data folder open in this process, and everything that is offered on it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from paasq_daemon.backends.embedded import EmbeddedBackend
from paasq_daemon.commands.runner import CommandServices
from paasq_daemon.compiler import Compiler
from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.embed.minilm import bundled_embedder
from paasq_daemon.engine import Clock, Engine, present_us
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.services.archives import ArchiveService
from paasq_daemon.services.catalog import CatalogService
from paasq_daemon.services.compaction import Compaction
from paasq_daemon.services.embedding import EmbeddingService
from paasq_daemon.services.forget_copies import ForgetCopies
from paasq_daemon.services.forgetting import ForgetService
from paasq_daemon.services.health import HealthService
from paasq_daemon.services.records import RecordService
from paasq_daemon.services.retention import RetentionService
from paasq_daemon.services.schema import SchemaService
from paasq_daemon.services.scrub import Scrub
from paasq_daemon.services.snapshot_upkeep import SnapshotUpkeep
from paasq_daemon.services.snapshots import SnapshotService
from paasq_daemon.services.status import StatusService
from paasq_daemon.snapshot.schedule import trimmable_seq
from paasq_daemon.snapshot.upgrade import upgrade_store
from paasq_daemon.statement_runner import LocalStatementRunner
from paasq_daemon.store.open_data_file import WALK_S_MAX
from paasq_daemon.store.store import Store
from paasq_daemon.watches.continuous_query import ContinuousQuery
from paasq_daemon.watches.scheduler import WatchScheduler
from paasq_daemon.wire.request import Request
from paasq_daemon.writes.transactor import Transactor
from paasq_daemon.writes.vectorizer import Vectorizer


@dataclass
class Instance:
    """Its services may be used from any thread; `close` is called once and last. Errors are PaasqErrors."""

    store: Store
    indexes: Indexes
    engine: Engine
    statements: LocalStatementRunner
    vectors: Vectorizer
    watches: WatchScheduler
    forgetting: ForgetService
    records: RecordService
    catalog: CatalogService
    schema: SchemaService
    snapshots: SnapshotService
    archives: ArchiveService
    upkeep: SnapshotUpkeep
    compaction: Compaction
    retention: RetentionService
    embedding: EmbeddingService
    scrub: Scrub
    health: HealthService
    status: StatusService
    resources: ExitStack  # what `close` closes, the last one opened first

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        embedder: Embedder | None = None,
        sync: bool = True,
        clock: Clock = present_us,
        walk_s_max: float | None = WALK_S_MAX,
    ) -> Instance:
        """Takes the folder for this process alone: raises FolderInUse, FormatTooNew or another StoreError.

        `embedder` None is the bundled model. `sync` False does not wait for the disk: for tests and bulk loads only.
        `clock` says what @now is. The pages of a large data file that were not walked for a day are so first, for `walk_s_max`
        seconds at most, None without a limit.
        """
        upgrade_store(folder)
        with ExitStack() as resources:
            store = resources.enter_context(Store.open(folder, sync=sync, walk_s_max=walk_s_max))
            indexes = Indexes(folder, store)
            resources.callback(indexes.close)
            vectors = Vectorizer(store, embedder or bundled_embedder())
            catalog, snapshots = CatalogService(store, indexes), SnapshotService(store)
            upkeep = SnapshotUpkeep(store)
            resources.callback(upkeep.stop)
            compaction = Compaction(store, indexes)
            resources.callback(compaction.stop)
            embedding = EmbeddingService(store, vectors)
            resources.callback(embedding.stop)
            retention = RetentionService(store, indexes, clock, partial(trimmable_seq, folder))
            resources.callback(retention.stop)
            scrub = Scrub(store, indexes)
            resources.callback(scrub.stop)
            health = HealthService(store, indexes, scrub, upkeep, compaction, retention)
            compiler = Compiler(EmbeddedBackend(indexes, vectors.embed_query, snapshots.open_storage))
            transactor = Transactor(store, indexes, vectors)
            commands = CommandServices(store, vectors, snapshots, retention)
            watches = WatchScheduler(store)
            resources.callback(watches.close)
            copies = ForgetCopies(folder)
            forgetting = ForgetService(store, indexes, copies, (compiler.drop_texts, vectors.drop_texts))
            forgetting.resume()
            statements = LocalStatementRunner(transactor, commands, forgetting)
            return cls(
                store=store,
                indexes=indexes,
                engine=Engine(indexes, catalog, compiler, statements, clock),
                statements=statements,
                vectors=vectors,
                watches=watches,
                forgetting=forgetting,
                records=RecordService(store, transactor),
                catalog=catalog,
                schema=SchemaService(store, vectors),
                snapshots=snapshots,
                archives=ArchiveService(store),
                upkeep=upkeep,
                compaction=compaction,
                retention=retention,
                embedding=embedding,
                scrub=scrub,
                health=health,
                status=StatusService(store, indexes, compiler, vectors.embedder, health, embedding),
                resources=resources.pop_all(),
            )
        raise AssertionError("an open ends by its return or its error")

    def watch(self, request: Request) -> ContinuousQuery:
        """The rows of a continuous query as events. Close it when it is not wanted any more. Raises as `Engine.watch`, and what
        that returns."""
        return self.watches.register(self.engine.watch(request))

    def announce(self, socket: Path) -> None:
        """Let those who find the folder in use know where this process serves it."""
        self.store.publish_socket(socket)

    def close(self) -> None:
        """Ends watches and background work, writes a checkpoint, and lets go of the folder."""
        self.resources.close()
