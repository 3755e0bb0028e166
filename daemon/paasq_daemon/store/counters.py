"""Counters kept inside the transaction that changes what they count."""

from __future__ import annotations

from dataclasses import dataclass, field

from paasq_daemon.store.entry_codec import decode, encode, unknown_shape

_CHECKSUM_MODULUS = 1 << 64


@dataclass(frozen=True, slots=True)
class StoreCounters:
    """`journal_start` is the oldest sequence number that the journal still holds (`seq + 1` where it holds none)."""

    seq: int = 0
    time_us: int = 0
    journal_start: int = 1


@dataclass(slots=True)
class CollectionCounters:
    """Counters of a collection. `pending` and `vectors` count by field id, those of deleted records included.

    `content_checksum` is the sum, modulo 2**64, of the checksums of the collection's entries in all tables: two stores with the
    same content have the same sum, and an entry that is lost or restored changes it.
    """

    next_ordinal: int = 0
    live_count: int = 0
    content_checksum: int = 0
    pending: dict[int, int] = field(default_factory=dict)
    vectors: dict[int, int] = field(default_factory=dict)

    def add_content(self, checksum_change: int) -> None:
        """Add the change of the sum of checksums, which may be negative, modulo 2**64."""
        self.content_checksum = (self.content_checksum + checksum_change) % _CHECKSUM_MODULUS


def encode_store_counters(state: StoreCounters) -> bytes:
    """The payload that `decode_store_counters` reads."""
    return encode([state.seq, state.time_us, state.journal_start])


def decode_store_counters(payload: bytes) -> StoreCounters:
    """Raises CorruptRecord where these are not the counters of this format."""
    try:
        return StoreCounters(*decode(payload))
    except (TypeError, ValueError):
        raise unknown_shape("the store's state") from None


def encode_collection_counters(state: CollectionCounters) -> bytes:
    """The payload that `decode_collection_counters` reads."""
    return encode([state.next_ordinal, state.live_count, state.content_checksum, state.pending, state.vectors])


def decode_collection_counters(payload: bytes) -> CollectionCounters:
    """Raises CorruptRecord where these are not the counters of this format."""
    try:
        return CollectionCounters(*decode(payload))
    except (TypeError, ValueError):
        raise unknown_shape("a collection's state") from None
