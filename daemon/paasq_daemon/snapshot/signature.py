"""Ed25519 signatures of snapshots: who took it, and that nothing of it is other than it was.

What is signed is the manifest, and through the hashes in it every page, and the annotation: labels, and damage. Keys are files as
`openssl genpkey -algorithm ed25519` and `ssh-keygen -t ed25519` make them, and signers are named as `ssh-keygen -l` names them.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from paasq_daemon.snapshot.annotation import Annotation, read_annotation
from paasq_daemon.snapshot.encryption_key import read_text, write_new_file
from paasq_daemon.snapshot.manifest import FILE_BYTES_MAX, Manifest, canonical_json
from paasq_daemon.snapshot.storage import ANNOTATIONS, Storage
from paasq_daemon.wire.errors import SnapshotError

_SUFFIX = ".signature.json"  # after the manifest's hash, next to the annotation
_PREFIX = b"PQSIGN01\n"  # so that a signature of anything else is none of a snapshot
_MAKE = "make a pair: `paasq snapshot keygen FILE --signing`"


@dataclass(frozen=True, slots=True)
class Signature:
    """`snapshot` is the hash of the manifest, `signer` the public key, both and the signature in hexadecimal."""

    snapshot: str
    signer: str
    signature: str

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical_json({"signature": asdict(self)})


def write_signing_key(path: Path) -> str:
    """Make a new pair: `path`, and its public half in `path` + `.pub`. The fingerprint. Raises SnapshotError where one exists."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    write_new_file(path, pem.decode())
    write_new_file(path.with_name(path.name + ".pub"), f"{public.decode()} paasq snapshots\n", 0o644)
    return fingerprint(private.public_key())


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """A private key, in PEM or as OpenSSH keeps it, without a passphrase. Raises SnapshotError."""
    content = read_text(path, "a signing key").encode()
    load = serialization.load_ssh_private_key if b"OPENSSH" in content else serialization.load_pem_private_key
    try:
        key = load(content, None)
    except TypeError:
        raise SnapshotError(f"the signing key in {path} is locked by a passphrase", _MAKE) from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SnapshotError(f"{path} holds no private Ed25519 key", _MAKE)
    return key


def read_signers(paths: Sequence[Path]) -> tuple[Ed25519PublicKey, ...]:
    """The public keys in files, each PEM, or lines as in a `.pub` file of OpenSSH. Raises SnapshotError."""
    return tuple(key for path in paths for key in _read_public_keys(path))


def fingerprint(key: Ed25519PublicKey) -> str:
    """`SHA256:` and 43 characters, as `ssh-keygen -l` prints it."""
    line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return "SHA256:" + b64encode(sha256(b64decode(line.split()[1])).digest()).decode().rstrip("=")


def write_signature(storage: Storage, manifest: Manifest, annotation: Annotation, key: Ed25519PrivateKey) -> None:
    """Sign a snapshot, durably. Before its manifest is written, so that it is never there without its signature."""
    public = key.public_key().public_bytes_raw().hex()
    signed = Signature(manifest.hash, public, key.sign(_message(manifest, annotation)).hex())
    storage.write(_path(manifest), signed.to_bytes())
    storage.sync(ANNOTATIONS)


def signer_of(storage: Storage, manifest: Manifest) -> Ed25519PublicKey | None:
    """Whose signature it has, None where it has none. Raises SnapshotError where that is not of this snapshot as it is now."""
    try:
        raw = storage.read(_path(manifest), FILE_BYTES_MAX)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        found = Signature(**json.loads(raw)["signature"])
        key, signature = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found.signer)), bytes.fromhex(found.signature)
        key.verify(signature, _message(manifest, read_annotation(storage, manifest)))
    except (ValueError, TypeError, KeyError, RecursionError, InvalidSignature) as error:
        raise _forged(manifest) from error
    if raw != Signature(manifest.hash, key.public_bytes_raw().hex(), signature.hex()).to_bytes():
        raise _forged(manifest)
    return key


def require_signer(storage: Storage, manifest: Manifest, signers: Sequence[Ed25519PublicKey]) -> None:
    """Raises SnapshotError where the snapshot is not signed by one of these; of none, where it is signed wrongly."""
    found = signer_of(storage, manifest)
    if not signers or found in signers:
        return
    wanted = " or ".join(fingerprint(each) for each in signers)
    if found is None:
        raise SnapshotError(f"snapshot {manifest.name!r} is not signed, and must be by {wanted}", "use one that is")
    raise SnapshotError(
        f"snapshot {manifest.name!r} is signed by {fingerprint(found)}, and must be by {wanted}",
        "use another snapshot; or name that signer too, if you trust it",
    )


def _forged(manifest: Manifest) -> SnapshotError:
    return SnapshotError(
        f"the signature of snapshot {manifest.name!r} is not one of this snapshot: it, its labels or the signature were changed",
        "use another snapshot, and look after whoever may write there",
    )


def _message(manifest: Manifest, annotation: Annotation) -> bytes:
    return _PREFIX + manifest.to_bytes() + b"\n" + annotation.to_bytes()  # canonical JSON has no line breaks


def _path(manifest: Manifest) -> str:
    return f"{ANNOTATIONS}/{manifest.hash}{_SUFFIX}"


def _read_public_keys(path: Path) -> list[Ed25519PublicKey]:
    text = read_text(path, "a public key")
    is_pem = "-----BEGIN" in text
    load = serialization.load_pem_public_key if is_pem else serialization.load_ssh_public_key
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    keys = []
    for each in [text] if is_pem else lines:
        try:
            key = load(each.encode())
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise SnapshotError(f"{path} holds something that is no public Ed25519 key", _MAKE)
        keys.append(key)
    if not keys:
        raise SnapshotError(f"{path} holds no public key", _MAKE)
    return keys
