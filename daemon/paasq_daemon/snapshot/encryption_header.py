"""`encryption.json`: the one clear text of encrypted snapshots. It holds their master key, encrypted by each key that opens it.

Without it nothing can be read, so there are two copies, and what writes mends the one that is damaged.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Any

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from paasq_daemon.snapshot.cipher import KEY_BYTES, seal, subkey, unseal
from paasq_daemon.snapshot.encryption_key import PASSPHRASE_CHARS_MIN, KeyKind, KeySource
from paasq_daemon.snapshot.manifest import canonical_json
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError

HEADER_NAMES = ("encryption.json", "encryption.copy.json")
ENCRYPTION_FORMAT = 2
_HEADER_BYTES_MAX = 64 << 10
_KEYS_MAX = 8
_SCRYPT = {"n": 1 << 17, "r": 8, "p": 1}  # 128 MiB and about half a second for each guess at a passphrase
_SCRYPT_MAX = {"n": 1 << 20, "r": 16, "p": 16}  # a header may not ask for more than 2 GiB
_DERIVED_MAX = 2 * _KEYS_MAX
_derived: dict[bytes, bytes] = {}  # wrapping keys of passphrases, so that a daemon pays for each once
_derived_name_key = os.urandom(32)  # they are kept by a hash: no passphrase stays in memory


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The master key, encrypted by one key: of a key file, or of a passphrase by scrypt with these numbers."""

    kind: KeyKind
    salt: str  # 32 bytes in hexadecimal
    scrypt: dict[str, int] | None
    wrapped: str  # in hexadecimal


@dataclass(frozen=True, slots=True)
class EncryptionHeader:
    """The keys that open the snapshots of one storage."""

    keys: tuple[WrappedKey, ...]
    format: int = ENCRYPTION_FORMAT
    cipher: str = "ChaCha20-Poly1305"
    names: str = "AES-SIV"

    def to_bytes(self) -> bytes:
        """Canonical JSON: the header and its BLAKE3."""
        fields = asdict(self)
        return canonical_json({"encryption": fields, "hash": blake3(canonical_json(fields)).hexdigest()})

    def unlock(self, source: KeySource, address: str) -> bytes:
        """The master key. Raises SnapshotError where the source cannot be read, or is not the one."""
        secret = source.read()
        for key in self.keys:
            if key.kind == source.kind:
                try:
                    return unseal(_wrapping_key(key, secret), bytes.fromhex(key.wrapped), _bound(key))
                except InvalidTag:
                    continue
        kinds = " or ".join(sorted({key.kind for key in self.keys}))
        what = "key" if source.kind == "key file" else "passphrase"
        raise SnapshotError(
            f"the {what} in {source.path} does not open the snapshots in {address}",
            f"another {kinds} does: name its file",
        )

    def with_key(self, source: KeySource, master: bytes) -> EncryptionHeader:
        """The header that this key opens too. Raises SnapshotError where there are too many, or a passphrase is too short."""
        if len(self.keys) >= _KEYS_MAX:
            raise SnapshotError(f"there are {_KEYS_MAX} keys already", "keep only the new one")
        return EncryptionHeader((*self.keys, _wrap(source, master)))


def read_header(storage: Storage) -> EncryptionHeader | None:
    """The header of a storage; None where its snapshots are not encrypted. Raises SnapshotError where both copies are damaged,
    FormatTooNew where a newer paasq wrote it."""
    failed: SnapshotError | None = None
    for name in HEADER_NAMES:
        try:
            return _parse(storage.read(name, _HEADER_BYTES_MAX), storage.address)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (ValueError, TypeError, KeyError, RecursionError):
            failed = failed or SnapshotError(
                f"{name} in {storage.address} was changed, and there is no whole copy",
                "bring it back from a copy of your own: nothing there can be read without it",
            )
        except SnapshotError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return None


def write_header(storage: Storage, header: EncryptionHeader) -> None:
    """Write both copies durably, where they are not so already. One of them is whole at any moment."""
    content = header.to_bytes()
    for name in HEADER_NAMES:
        try:
            same = storage.read(name, _HEADER_BYTES_MAX) == content
        except (FileNotFoundError, SnapshotError):
            same = False
        if not same:
            storage.write(name, content)
        storage.sync("")


def _parse(raw: bytes, address: str) -> EncryptionHeader:
    content: dict[str, Any] = json.loads(raw)
    fields = content["encryption"]
    if blake3(canonical_json(fields)).hexdigest() != content["hash"]:
        raise ValueError(raw)
    if fields["format"] > ENCRYPTION_FORMAT:
        raise FormatTooNew(
            f"the snapshots in {address} are encrypted in format {fields['format']}, and this paasq knows formats up to "
            f"{ENCRYPTION_FORMAT}",
            "use the paasq that made them, or a newer one",
        )
    header = EncryptionHeader(**{**fields, "keys": tuple(WrappedKey(**key) for key in fields["keys"])})
    if header.to_bytes() != raw or not all(_is_sane(key) for key in header.keys):
        raise ValueError(raw)
    return header


def _is_sane(key: WrappedKey) -> bool:
    bytes.fromhex(key.salt + key.wrapped)
    if key.scrypt is None:
        return key.kind == "key file"
    numbers = (key.scrypt["n"], key.scrypt["r"], key.scrypt["p"])
    return (
        key.kind == "passphrase"
        and key.scrypt.keys() == _SCRYPT_MAX.keys()
        and all(isinstance(n, int) and 0 < n <= most for n, most in zip(numbers, _SCRYPT_MAX.values(), strict=True))
        and numbers[0].bit_count() == 1 < numbers[0]
    )


def read_new_secret(source: KeySource) -> bytes:
    """The secret of a key that is to open snapshots from now on. Raises SnapshotError where it cannot be read, or is a passphrase
    that is too short."""
    secret = source.read()
    if source.kind == "passphrase" and len(secret.decode()) < PASSPHRASE_CHARS_MIN:
        raise SnapshotError(
            f"the passphrase in {source.path} is too short",
            f"take at least {PASSPHRASE_CHARS_MIN} characters, better five or six words",
        )
    return secret


def _wrap(source: KeySource, master: bytes) -> WrappedKey:
    secret = read_new_secret(source)
    scrypt = dict(_SCRYPT) if source.kind == "passphrase" else None
    key = WrappedKey(source.kind, os.urandom(32).hex(), scrypt, "")
    wrapped = seal(_wrapping_key(key, secret), master, _bound(key))
    return WrappedKey(key.kind, key.salt, key.scrypt, wrapped.hex())


def _wrapping_key(key: WrappedKey, secret: bytes) -> bytes:
    salt = bytes.fromhex(key.salt)
    if key.scrypt is None:
        return subkey(secret + salt, "wrapping key of a key file")
    known_by = blake3(canonical_json({"salt": key.salt, **key.scrypt}) + secret, key=_derived_name_key).digest()
    derived = _derived.get(known_by)
    if derived is None:
        derived = Scrypt(salt=salt, length=KEY_BYTES, **key.scrypt).derive(secret)
        if len(_derived) >= _DERIVED_MAX:
            _derived.clear()
        _derived[known_by] = derived
    return derived


def _bound(key: WrappedKey) -> str:
    """What the wrapped key is bound to, so that nothing of it can be altered."""
    return canonical_json({"kind": key.kind, "salt": key.salt, "scrypt": key.scrypt}).decode()
