"""Statements whose catalog is another one when they come to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from paasq_daemon.wire.errors import ConflictError

T = TypeVar("T")

RETRIES_MAX = 20  # a store whose schema changes faster than this is told so


class CatalogChanged(ConflictError):
    """What a write was compiled against is not what the store holds. Nothing was written: compile it anew."""


def check_catalog(present_version: int, compiled_version: int) -> None:
    """Raises CatalogChanged where a statement was compiled against another version."""
    if present_version != compiled_version:
        raise CatalogChanged("the catalog was changed by another statement meanwhile", "run the statement again")


def retry_on_catalog_change(attempt: Callable[[], T]) -> T:
    """What `attempt`, which compiles against the present catalog and writes, returns at last.

    Raises CatalogChanged where the catalog changed before each of RETRIES_MAX attempts, else what `attempt` raises.
    """
    for _ in range(RETRIES_MAX - 1):
        try:
            return attempt()
        except CatalogChanged:
            continue
    return attempt()
