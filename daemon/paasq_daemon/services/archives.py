"""Dumps of the whole store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paasq_daemon.archive.dump import dump_store
from paasq_daemon.store.new_folder import resolved
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import StoreError


@dataclass(eq=False)
class ArchiveService:
    """May be called from any thread; writing goes on meanwhile."""

    store: Store

    def dump(
        self, into: Path, *, vectors: bool = True, history: bool = False, on_record: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """Write the store as it is now into the archive `into`; counts, in JSON. Raises StoreError as `dump_store` does, and
        where the archive would lie inside the data folder.
        """
        into = resolved(into)
        if into.is_relative_to(self.store.folder.resolve()):
            raise StoreError(f"{into} lies inside the store's own folder", "name a file beside it")
        with self.store.read() as view:
            return dump_store(view, into, vectors=vectors, history=history, on_record=on_record)
