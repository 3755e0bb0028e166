"""The store as tools reach it: in threads, since it blocks, within the server's budget, and cancelled with the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.wire.request import Budget, Request
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.diagnostics import similar_names

Result = TypeVar("Result")
THREADS = 8  # calls that wait for the store at a time
LABEL_TOKENS = 50  # of the words that stand before an answer, which its budget pays too


@dataclass(frozen=True)
class StoreAccess:
    """A store and the `budget` of every answer from it, of which a call may ask for less. Its zone is the database's."""

    database: Database
    budget: Budget
    _threads: anyio.CapacityLimiter = field(default_factory=partial(anyio.CapacityLimiter, THREADS))

    async def read(self, text: str, params: Mapping[str, Any] | None = None, tokens: int | None = None) -> Answer:
        """The answer to a text that may not write. Raises PaasqError."""
        return await self._request(text, params or {}, self._shown(tokens), read_only=True)

    async def read_all(self, text: str, params: Mapping[str, Any] | None = None) -> Answer:
        """As `read`, of what is not shown to anybody as it is: no tokens are counted."""
        return await self._request(text, params or {}, Budget(self.budget.time_ms), read_only=True)

    async def write(self, text: str, params: Mapping[str, Any]) -> Answer:
        """The answer to a text that writes. Where the call is cancelled, it may have been written. Raises PaasqError."""
        return await self._request(text, params, self._shown(None), read_only=False)

    async def check(self, text: str) -> list[dict[str, Any]]:
        """Diagnostics of a text, as JSON; the warnings too."""
        return await self.in_thread(lambda _: self.database.check(text))

    async def catalog(self) -> Catalog:
        """The present catalog."""
        return await self.in_thread(lambda _: self.database.catalog())

    async def collection(self, name: str) -> Collection:
        """Raises InvalidValue where there is none of this name."""
        known = (await self.catalog()).collections
        if name not in known:
            meant = " or ".join(similar_names(name, known)) or ", ".join(known)
            raise InvalidValue(
                f"there is no collection {name:.80}", f"name one that there is: {meant}" if meant else ""
            )
        return known[name]

    async def in_thread(self, work: Callable[[CancellationToken], Result]) -> Result:
        """What `work` returns. Its token is cancelled with the task that waits for it."""
        token = CancellationToken(self.budget.time_ms)
        try:
            return await anyio.to_thread.run_sync(work, token, abandon_on_cancel=True, limiter=self._threads)
        except anyio.get_cancelled_exc_class():
            token.cancel()
            raise

    def room(self, tokens: int | None) -> int | None:
        """The tokens that an answer may have beside its label, where the call asks for so many; None where it is unbounded."""
        least = self.budget.within(Budget(tokens=tokens)).tokens
        return None if least is None else max(1, least - LABEL_TOKENS)

    def _shown(self, tokens: int | None) -> Budget:
        return replace(self.budget, tokens=self.room(tokens))

    async def _request(self, text: str, params: Mapping[str, Any], budget: Budget, *, read_only: bool) -> Answer:
        request = Request(text, params, budget, "<text>", read_only=read_only, zone=self.database.zone)
        return await self.in_thread(lambda token: self.database.request(request, token))
