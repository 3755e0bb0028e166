"""The methods of the daemon. Each module of a subject registers its own; `METHODS` has them all by name."""

from __future__ import annotations

from paasq_daemon.server.methods import (
    archives,
    connection,
    operations,
    queries,
    records,
    schemas,
    snapshots,
    store,
    watches,
)
from paasq_daemon.server.methods.registry import METHODS

__all__ = [
    "METHODS",
    "archives",
    "connection",
    "operations",
    "queries",
    "records",
    "schemas",
    "snapshots",
    "store",
    "watches",
]
