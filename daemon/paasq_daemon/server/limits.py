"""What one client may ask of the daemon. All of it in one place."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.wire.framing import FRAME_BYTES_MAX, REQUESTS_IN_FLIGHT_MAX

QUERY_TEXT_CHARS_MAX = 2**18  # parsing costs about 5 ms for 1,000 characters
VALUES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a daemon: bytes of a frame, requests and watches of a connection, seconds of each wait."""

    frame_bytes_max: int = FRAME_BYTES_MAX  # of a request and of an answer
    in_flight_max: int = REQUESTS_IN_FLIGHT_MAX  # requests of one connection, a batch's members each
    watches_max: int = 16  # of one connection
    connections_max: int = 256
    frame_timeout_s: float = 10.0  # from a frame's first byte to its last
    idle_timeout_s: float = 1800.0  # without a byte, without a request in flight and without a watch
    write_timeout_s: float = 30.0  # for a client to take an answer
    grace_s: float = 10.0  # for running requests, when the daemon stops
    cancel_grace_s: float = 2.0  # for them to notice that they were cancelled after that


DEFAULT_LIMITS = Limits()
