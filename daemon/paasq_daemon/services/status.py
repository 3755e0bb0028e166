"""What an instance says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paasq_daemon.compiler import Compiler
from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.services.disk_use import DiskUse
from paasq_daemon.services.health import HealthService
from paasq_daemon.services.snapshots import origin_to_json
from paasq_daemon.store.origin import read_origin
from paasq_daemon.store.store import Store


@dataclass(eq=False)
class StatusService:
    """Reads what the parts of an instance count. May be called from any thread."""

    store: Store
    indexes: Indexes
    compiler: Compiler
    embedder: Embedder
    health: HealthService

    def report(self) -> dict[str, Any]:
        """JSON: the health, which says whether the disk takes writes, the folder, the sequence number,
        the catalog's version, counts by collection, the model, the bytes on disk, the plan cache; where a restored
        store came from.

        A collection has `damaged`, keys of records that cannot be read, and `error`, why it cannot be queried, only where
        there are such.
        """
        with self.store.read() as view:
            collections: dict[str, dict[str, Any]] = {
                c.name: {
                    "records": view.live_count(c.id),
                    "pending_vectors": sum(view.pending_vector_count(c.id, f.id) for f in c.fields if f.source_fields),
                }
                for c in view.catalog.collections.values()
            }
            seq, version = view.seq, view.catalog.version
        with self.indexes.read() as indexed:
            for name, problem in indexed.problems().items():
                collections.get(name, {}).update(problem)
        cache, origin = self.compiler.cache, read_origin(self.store.folder)
        return {
            "health": self.health.report(),
            "folder": str(self.store.folder),
            "seq": seq,
            "catalog_version": version,
            "collections": collections,
            "model": self.embedder.identity,
            "origin": origin and origin_to_json(origin),
            "lost": self.indexes.lost_after,
            "disk": DiskUse(self.store, self.indexes).report(),
            "plans": {"cached": len(cache), "hits": cache.hits, "misses": cache.misses},
        }
