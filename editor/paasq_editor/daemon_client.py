"""What the editor reads from a daemon. A missing daemon is no error and delays the editor only briefly."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import TypeVar

from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import PaasqError
from paasq_dsl.catalog import Catalog

CATALOG_TTL_S = 3.0
REQUEST_TIMEOUT_S = 0.3  # more would be felt while typing
RETRY_DELAY_S = 3.0  # after a failure no request is sent for this long

T = TypeVar("T")


class DaemonClient:
    """A connection to the daemon at `socket`, made at the first request. Requests wait at most `REQUEST_TIMEOUT_S`
    and never raise; after a failure none is sent for `RETRY_DELAY_S`."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._client: Client | None = None
        self._asking = ThreadPoolExecutor(1, "paasq-daemon")
        self._quiet_until = 0.0
        self._catalog: Catalog | None = None
        self._catalog_until = 0.0

    def catalog(self) -> Catalog | None:
        """At most a few seconds old; the last one known where nobody answers any more, None where nobody ever did."""
        if time.monotonic() >= self._catalog_until:
            found = self._ask(lambda client: client.catalog())
            self._catalog_until = time.monotonic() + CATALOG_TTL_S
            self._catalog = found or self._catalog
        return self._catalog

    def values(self, collection: str, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Live values of a field, most frequent first; none where nobody answers."""
        return self._ask(lambda client: client.values(collection, field, prefix, limit)) or []

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._asking.shutdown(wait=False, cancel_futures=True)

    def _ask(self, question: Callable[[Client], T]) -> T | None:
        if time.monotonic() < self._quiet_until:
            return None
        try:
            return self._asking.submit(self._answer, question).result(REQUEST_TIMEOUT_S)
        except (PaasqError, OSError, FutureTimeoutError):
            self._quiet_until = time.monotonic() + RETRY_DELAY_S
            return None

    def _answer(self, question: Callable[[Client], T]) -> T:
        if self._client is None:
            self._client = Client.connect(self._socket)
        return question(self._client)
