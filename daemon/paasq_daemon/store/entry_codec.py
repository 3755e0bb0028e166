"""Values as bytes, and the envelope with a checksum that each entry of the data file is kept in."""

from __future__ import annotations

from struct import Struct
from typing import Any

import msgpack  # type: ignore[import-untyped]  # it ships no stubs
from xxhash import xxh3_64_digest, xxh3_64_intdigest

from paasq_daemon.wire.errors import CorruptRecord, InvalidValue
from paasq_dsl.values import Duration

_ENVELOPE = Struct(">BQ")  # version of the envelope, checksum; the payload follows
ENVELOPE_BYTES = _ENVELOPE.size
_ENVELOPE_VERSION = 0xA2
_VERSION_BYTE = bytes([_ENVELOPE_VERSION])
_NEWER_HINT = "a newer paasq wrote it, or the disk changed it: use a newer paasq, or restore a snapshot"
_DURATION_EXT = 1
_DURATION = Struct(">qq")  # months, microseconds


def encode(value: Any) -> bytes:
    """MessagePack of a value as `paasq_dsl.values.Value` allows, in lists and dicts.

    Raises InvalidValue where an int has more than 64 bits, a string is not valid Unicode, or lists nest too deep.
    """
    try:
        return msgpack.packb(value, default=_encode_extension)  # type: ignore[no-any-return]  # as above
    except UnicodeEncodeError:
        raise InvalidValue("a text holds half a surrogate pair, which is not a character", "clean the text") from None
    except (ValueError, RecursionError):
        raise InvalidValue("lists are nested too deep", "flatten them") from None


def decode(payload: bytes) -> Any:
    """The value that `encode` was given; tuples come back as lists."""
    return msgpack.unpackb(payload, ext_hook=_decode_extension, strict_map_key=False)


def add_checksum(seed: int, key: bytes, payload: bytes) -> bytes:
    """The payload in its envelope. The checksum covers the table (`seed`) and the key: an entry that moved is found."""
    return _ENVELOPE.pack(_ENVELOPE_VERSION, _checksum(seed, key, payload)) + payload


def verify_checksum(seed: int, key: bytes, envelope: bytes) -> bytes:
    """The payload. Raises CorruptRecord where the checksum is wrong, or the envelope is of another version."""
    payload = envelope[_ENVELOPE.size :]
    if len(envelope) < _ENVELOPE.size or _ENVELOPE.unpack_from(envelope) != (
        _ENVELOPE_VERSION,
        _checksum(seed, key, payload),
    ):
        raise _checksum_error(key, envelope)
    return payload


def holds(seed: int, key: bytes, envelope: bytes) -> bool:
    """Whether the checksum is right and the envelope of this version: what `verify_checksum` raises on."""
    return envelope[:ENVELOPE_BYTES] == _VERSION_BYTE + xxh3_64_digest(key + envelope[ENVELOPE_BYTES:], seed)


def unsound_keys(seed: int, entries: list[tuple[bytes, bytes]]) -> list[bytes]:
    """The keys of the entries for which `holds` is not true, at two thirds of its cost."""
    version, head = _VERSION_BYTE, ENVELOPE_BYTES
    return [k for k, envelope in entries if envelope[:head] != version + xxh3_64_digest(k + envelope[head:], seed)]


def stored_checksum(envelope: bytes) -> int:
    """The checksum stored in an envelope, unverified."""
    return int.from_bytes(envelope[1:ENVELOPE_BYTES], "big")


def unknown_shape(what: str) -> CorruptRecord:
    """The error for a payload whose checksum is right and whose structure is unknown to this format version."""
    return CorruptRecord(f"{what} is stored in a way that this paasq does not know", _NEWER_HINT)


def _checksum_error(key: bytes, envelope: bytes) -> CorruptRecord:
    if envelope and envelope[0] != _ENVELOPE_VERSION:
        return CorruptRecord(
            f"the stored entry {key.hex()} has envelope version {envelope[0]:#x}, and this paasq knows {_ENVELOPE_VERSION:#x}",
            _NEWER_HINT,
        )
    return CorruptRecord(
        f"the checksum of the stored entry {key.hex()} does not hold",
        "the disk or the memory changed it: close the store, and run `paasq doctor --repair`",
    )


def _checksum(seed: int, key: bytes, payload: bytes) -> int:
    return xxh3_64_intdigest(key + payload, seed)


def _encode_extension(value: Any) -> msgpack.ExtType:
    if isinstance(value, Duration):
        return msgpack.ExtType(_DURATION_EXT, _DURATION.pack(value.months, value.micros))
    if isinstance(value, int):  # MessagePack has no such number
        raise InvalidValue("a number has more than 64 bits", "keep it as text, or as a float")
    raise InvalidValue(
        f"a {type(value).__name__} cannot be stored", "give a null, bool, int, float, str, duration or list"
    )


def _decode_extension(code: int, data: bytes) -> Duration:
    if code != _DURATION_EXT:
        raise unknown_shape(f"a value of kind {code}")
    return Duration(*_DURATION.unpack(data))
