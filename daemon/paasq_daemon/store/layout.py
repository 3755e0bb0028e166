"""The layout of the data file: tables, how their keys are packed, and limits.

| table     | key                         | payload                                                       |
|-----------|-----------------------------|---------------------------------------------------------------|
| meta      | a name                      | the format, counters, the catalog and its history             |
| bodies    | collection, ordinal         | the body of a record, live or deleted                         |
| live      | collection, key in UTF-8    | ordinal and version of the live record, when it was confirmed |
| vectors   | collection, field, ordinal  | float32, little endian                                        |
| pending   | collection, field, ordinal  | empty: this vector is still to be made                        |
| journal   | sequence number, collection | what that transaction changed in this collection              |
| forgotten | collection, ordinal         | the sequence number at which this version was erased          |

Numbers in keys are big endian, so that the order of the bytes is the order of the numbers.
"""

from __future__ import annotations

from struct import Struct

from paasq_daemon.wire.errors import InvalidValue

STORE_FORMAT_VERSION = 2  # of everything in this module and of the payloads; a store of a greater one is refused
KNOWN_FEATURES: frozenset[str] = (
    frozenset()
)  # what a store of this format may say that it needs; of others it is refused

KEY_BYTES_MAX = 400  # of a record's key; LMDB allows 511 for the collection and the key
BODY_BYTES_MAX = 16 << 20  # of a record's body and of a vector: as much as one frame of the protocol carries
MAP_BYTES = (1 << 40, 1 << 37, 1 << 34, 1 << 31)  # address space to reserve, the first that the system grants
READERS_MAX = 512  # read transactions at one time
PAGE_BYTES = 4096

COLLECTION_KEY = Struct(">I")
RECORD_KEY = Struct(">IQ")
VECTOR_KEY = Struct(">IIQ")
SEQ_KEY = Struct(">Q")
JOURNAL_KEY = Struct(">QI")
CATALOG_COLLECTION = 0  # in keys of the journal: what was changed is the catalog; collections have numbers from 1
SUMMED_TABLES = frozenset(
    {"bodies", "live", "vectors", "pending", "forgotten"}
)  # whose entries a collection's content sum is of

FORMAT_STAMP_NAME = b"format"
STATE_NAME = b"state"
CATALOG_NAME = b"catalog"


def catalog_meta_key(version: int) -> bytes:
    """The name in `meta` of a past catalog."""
    return b"catalog/" + SEQ_KEY.pack(version)


def counters_meta_key(collection_id: int) -> bytes:
    """The name in `meta` of a collection's counters."""
    return b"collection/" + COLLECTION_KEY.pack(collection_id)


def pack_key(collection_id: int, key: str) -> bytes:
    """Raises InvalidValue where the key is empty, too long, or not Unicode that can be stored."""
    try:
        raw = key.encode()
    except UnicodeEncodeError:
        raise InvalidValue(
            f"the key {key!r} holds half a surrogate pair, which is not a character", "give the record another key"
        ) from None
    if not 1 <= len(raw) <= KEY_BYTES_MAX:
        raise InvalidValue(
            f"a key may have 1 to {KEY_BYTES_MAX} bytes of UTF-8, and this one has {len(raw)}: {key[:40]!r}",
            "shorten the key, for instance to a hash of it, and keep the long text in a field",
        )
    return COLLECTION_KEY.pack(collection_id) + raw
