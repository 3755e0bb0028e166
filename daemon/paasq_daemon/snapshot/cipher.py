"""Encryption of one file of snapshots, and of its name: ChaCha20-Poly1305 and AES-SIV, by the library cryptography."""

from __future__ import annotations

import os
from base64 import b32decode, b32encode

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV, ChaCha20Poly1305

MAGIC = b"PQENCR02"
KEY_BYTES = 32
NAME_BYTES_MAX = 112  # of a name before it is encrypted; shorter ones are filled up, so that no length is told
_SALT_BYTES = 32
_TAG_BYTES = 16
SEALED_BYTES_MORE = len(MAGIC) + _SALT_BYTES + _TAG_BYTES
_NONCE = bytes(12)  # never used twice with one key: each file has a key of its own
_SEALED_NAME_CHARS = -(-(NAME_BYTES_MAX + _TAG_BYTES) * 8 // 5)
_BASE32 = frozenset("abcdefghijklmnopqrstuvwxyz234567")


def seal(key: bytes, content: bytes, place: str) -> bytes:
    """Encrypt a file for one place. Its key is made of `key`, 32 bytes, and 32 new random ones, which stand in it."""
    salt = os.urandom(_SALT_BYTES)
    return MAGIC + salt + _file_cipher(key, salt).encrypt(_NONCE, content, place.encode())


def unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    """Raises InvalidTag where a bit is not as it was sealed, or it was sealed by another key or for another place."""
    start = len(MAGIC) + _SALT_BYTES
    if sealed[: len(MAGIC)] != MAGIC or len(sealed) < SEALED_BYTES_MORE:
        raise InvalidTag
    return _file_cipher(key, sealed[len(MAGIC) : start]).decrypt(_NONCE, memoryview(sealed)[start:], place.encode())


def subkey(master: bytes, purpose: str, size_bytes: int = KEY_BYTES) -> bytes:
    """A key for one purpose, from which neither the master key nor another subkey can be told."""
    return blake3(master, derive_key_context=f"paasq PQENCR02 {purpose}").digest(size_bytes)


class NameCipher:
    """Encrypts names of files: the same name in the same folder always alike, so that files are found and not stored twice."""

    def __init__(self, master: bytes) -> None:
        self._cipher = AESSIV(subkey(master, "names", 64))

    def seal(self, folder: str, name: str) -> str:
        """205 lower-case letters and digits, whatever the name; it has at most `NAME_BYTES_MAX` bytes."""
        content = name.encode()
        assert 0 < len(content) <= NAME_BYTES_MAX, name
        sealed = self._cipher.encrypt(content.ljust(NAME_BYTES_MAX, b"\0"), [folder.encode()])
        return b32encode(sealed).decode().rstrip("=").lower()

    def unseal(self, folder: str, sealed: str) -> str:
        """Raises InvalidTag where the name was not sealed by this key for this folder."""
        content = b32decode(sealed.upper() + "=" * (-len(sealed) % 8))
        name = self._cipher.decrypt(content, [folder.encode()]).rstrip(b"\0").decode()
        if self.seal(folder, name) != sealed:  # the last letter has bits that base32 does not use
            raise InvalidTag
        return name


def is_sealed_name(name: str) -> bool:
    """Whether it looks like one that `NameCipher` made; that takes no key."""
    return len(name) == _SEALED_NAME_CHARS and _BASE32.issuperset(name)


def _file_cipher(key: bytes, salt: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(blake3(salt, key=key).digest())
