"""Counters kept inside the transaction that changes what they count."""

from __future__ import annotations

from dataclasses import dataclass, field

from xxhash import xxh3_128_intdigest

from paasq_daemon.store.entry_codec import decode, encode, unknown_shape

_CHECKSUM_MODULUS = 1 << 64
_KEYS_MODULUS = 1 << 128
_KEYS_BYTES = 16


@dataclass(frozen=True, slots=True)
class StoreCounters:
    """`journal_start` is the oldest sequence number from which the journal holds all changes of all collections (`seq + 1` where
    it holds none). It holds the changes of the catalog since `catalog_start`, and `catalog_end` is that of the last one."""

    seq: int = 0
    time_us: int = 0
    journal_start: int = 1
    catalog_start: int = 1
    catalog_end: int = 0


@dataclass(slots=True)
class CollectionCounters:
    """Counters of a collection. `pending` and `vectors` count by field id, those of deleted records included.

    `content_checksum` is the sum, modulo 2**64, of the checksums of the collection's entries in all tables: two stores with the
    same content have the same sum, and an entry that is lost or restored changes it. `live_keys` is such a sum, modulo 2**128,
    over the keys and ordinals of live records alone (`live_key_hash`), which an index can make too.

    The journal holds what was changed since the sequence number `journal_start`, and `journal_end` is that of the last change.
    `history_bytes` counts bodies and vectors of versions that were replaced or deleted.
    """

    next_ordinal: int = 0
    live_count: int = 0
    content_checksum: int = 0
    pending: dict[int, int] = field(default_factory=dict)
    vectors: dict[int, int] = field(default_factory=dict)
    journal_start: int = 1
    journal_end: int = 0
    history_bytes: int = 0
    live_keys: int = 0

    def add_live(self, hashed: int) -> None:
        """Add the hash of a record that went live, or take it away where it is negative, modulo 2**128."""
        self.live_keys = (self.live_keys + hashed) % _KEYS_MODULUS

    def add_content(self, checksum_change: int) -> None:
        """Add the change of the sum of checksums, which may be negative, modulo 2**64."""
        self.content_checksum = (self.content_checksum + checksum_change) % _CHECKSUM_MODULUS


def encode_store_counters(state: StoreCounters) -> bytes:
    """The payload that `decode_store_counters` reads."""
    return encode([state.seq, state.time_us, state.journal_start, state.catalog_start, state.catalog_end])


def decode_store_counters(payload: bytes) -> StoreCounters:
    """Raises CorruptRecord where these are not the counters of this format."""
    try:
        return StoreCounters(*decode(payload))
    except (TypeError, ValueError):
        raise unknown_shape("the store's state") from None


def encode_collection_counters(state: CollectionCounters) -> bytes:
    """The payload that `decode_collection_counters` reads."""
    return encode(
        [
            state.next_ordinal, state.live_count, state.content_checksum, state.pending, state.vectors, state.journal_start,
            state.journal_end, state.history_bytes, state.live_keys.to_bytes(_KEYS_BYTES, "big"),
        ]
    )  # fmt: skip


def decode_collection_counters(payload: bytes) -> CollectionCounters:
    """Raises CorruptRecord where these are not the counters of this format."""
    try:
        counters = decode(payload)
        counters[-1] = int.from_bytes(counters[-1], "big")
        return CollectionCounters(*counters)
    except (TypeError, ValueError, LookupError):
        raise unknown_shape("a collection's state") from None


def live_key_hash(packed_key: bytes, ordinal: int) -> int:
    """What a live record adds to `live_keys`: xxh3_128 of its collection and key (`pack_key`) and its ordinal, 8 bytes."""
    return xxh3_128_intdigest(packed_key + ordinal.to_bytes(8, "big"))
