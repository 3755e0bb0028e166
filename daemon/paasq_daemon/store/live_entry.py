"""What leads from a key to its live record."""

from __future__ import annotations

from typing import NamedTuple

from paasq_daemon.store.entry_codec import decode, encode, unknown_shape


class LiveEntry(NamedTuple):
    """Where the live record of a key is, its version, and when it was last put, with other values or the same
    (microseconds since 1970, UTC)."""

    ordinal: int
    version: int
    confirmed_us: int


def encode_live(entry: LiveEntry) -> bytes:
    """The payload that `decode_live` reads."""
    return encode(entry)


def decode_live(payload: bytes) -> LiveEntry:
    """Raises CorruptRecord where it is not an entry of this format."""
    try:
        return LiveEntry(*decode(payload))
    except (TypeError, ValueError):
        raise unknown_shape("the place of a key") from None
