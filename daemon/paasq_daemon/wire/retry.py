"""When a client sends a request again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from paasq_daemon.wire.errors import DaemonUnavailable, PaasqError


@dataclass(frozen=True, slots=True)
class Retry:
    """A request that certainly did not reach the daemon is sent again, and one that only reads; never a write that may have
    been done. `attempts` counts the first one; each wait is up to four times the one before, from `first_delay_s` to
    `delay_s_max`, less a random part of it, so that clients do not come all at once."""

    attempts: int = 5
    first_delay_s: float = 0.05
    delay_s_max: float = 1.0

    def delay_s(self, error: PaasqError, attempt: int, *, reads: bool) -> float | None:
        """Seconds from the failure of an attempt, counted from 1, to the next; None where there is none."""
        if not isinstance(error, DaemonUnavailable) or error.silent or attempt >= self.attempts:
            return None
        if error.sent and not reads:
            return None
        return min(self.first_delay_s * 4.0 ** (attempt - 1), self.delay_s_max) * random.uniform(0.5, 1)  # noqa: S311  # no secret
