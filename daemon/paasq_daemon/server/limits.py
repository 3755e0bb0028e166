"""What one client may ask of the daemon, and how long the daemon waits. All of it in one place."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.wire.framing import FRAME_BYTES_MAX, REQUESTS_IN_FLIGHT_MAX
from paasq_daemon.wire.request import Budget

QUERY_TEXT_CHARS_MAX = 2**18  # parsing costs about 5 ms for 1,000 characters
VALUES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a daemon: bytes of a frame, requests and watches of a connection, time of a text, seconds of each wait."""

    frame_bytes_max: int = FRAME_BYTES_MAX  # of a request and of an answer
    in_flight_max: int = REQUESTS_IN_FLIGHT_MAX  # requests of one connection, a batch's members each
    watches_max: int = 16  # of one connection
    connections_max: int = 256
    connections_reserved: int = 8  # beyond these, for the owner: they may only ask how the daemon is
    frame_timeout_s: float = 10.0  # from a frame's first byte to its last
    idle_timeout_s: float = 1800.0  # without a byte, without a request in flight and without a watch
    reserved_idle_timeout_s: float = 10.0  # the same, of a connection beyond connections_max
    write_timeout_s: float = 30.0  # for a client to take an answer
    grace_s: float = 1.0  # for running requests, when the daemon stops
    cancel_grace_s: float = 0.4  # for them to notice that they were cancelled after that
    query_time_ms: float | None = None  # of a text that asks for no time of its own
    query_time_ms_max: float | None = None  # of any text

    def time_ms(self, asked: Budget) -> float | None:
        """The time that a text has, in milliseconds; None where it is not limited."""
        given = self.query_time_ms if asked.time_ms is None else asked.time_ms
        return min((each for each in (given, self.query_time_ms_max) if each is not None), default=None)


DEFAULT_LIMITS = Limits()
