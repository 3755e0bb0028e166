"""Snapshots that are encrypted wherever they are kept: a storage that encrypts each file, and its name, for another one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag

from paasq_daemon.snapshot.cipher import (
    KEY_BYTES,
    NAME_BYTES_MAX,
    SEALED_BYTES_MORE,
    NameCipher,
    is_sealed_name,
    seal,
    subkey,
    unseal,
)
from paasq_daemon.snapshot.encryption_header import EncryptionHeader, read_header, read_new_secret, write_header
from paasq_daemon.snapshot.encryption_key import KEY_FILE_VARIABLE, KeyKind, KeySource
from paasq_daemon.snapshot.storage import (
    ANNOTATIONS,
    JOURNAL,
    MANIFESTS,
    OBJECTS,
    UNFINISHED,
    Storage,
    scratch_elsewhere,
)
from paasq_daemon.wire.errors import SnapshotError

_PLAIN_NAME = re.compile(r"[0-9a-f]{64}|\d+-\d+\.[0-9a-f]{8}\.[0-9a-f]{64}|.+\.json")  # an object, a segment, all else


class EncryptedStorage(Storage):
    """What `inner` keeps is a header and encrypted files; their number, sizes and times are all that it tells."""

    def __init__(self, inner: Storage, master: bytes, header: EncryptionHeader | KeySource) -> None:
        """`master` is the key that the header holds, 32 bytes. Where there is none yet, the first snapshot makes it for the
        key of that source."""
        assert len(master) == KEY_BYTES
        self._inner = inner
        self._master = master
        self._header = header
        self._content_key = subkey(master, "content")
        self._names = NameCipher(master)

    @property
    def address(self) -> str:
        return self._inner.address

    @property
    def scratch(self) -> Path:
        """Never where the encrypted files are: what is unpacked can be read."""
        return scratch_elsewhere()

    def read(self, name: str, bytes_max: int) -> bytes:
        sealed = self._inner.read(self._sealed(name), bytes_max + SEALED_BYTES_MORE)
        try:
            return unseal(self._content_key, sealed, name)
        except InvalidTag:
            raise SnapshotError(
                f"{name} in {self.address} was changed, cut short, or put in the place of another file",
                "use another snapshot, and look after the disk and whoever may write to it",
            ) from None

    def exists(self, name: str) -> bool:
        return self._inner.exists(self._sealed(name))

    def sizes(self, folder: str) -> dict[str, int]:
        found = {}
        for sealed, size_bytes in self._inner.sizes(folder).items():
            if (name := self._unsealed(folder, sealed)) is not None:
                found[name] = max(0, size_bytes - SEALED_BYTES_MORE)
        return found

    def write(self, name: str, content: bytes) -> None:
        self._inner.write(self._sealed(name), seal(self._content_key, content, name))

    def settle(self, name: str) -> None:
        self._inner.settle(self._sealed(name))

    def sync(self, folder: str) -> None:
        self._inner.sync(folder)

    def remove(self, name: str) -> None:
        self._inner.remove(self._sealed(name))

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """As in the base class. The first one writes the header, and each one mends it."""
        with self._inner.exclusive():
            present = read_header(self._inner)
            if isinstance(self._header, KeySource):
                self._header = EncryptionHeader(()).with_key(self._header, self._master)
            if present is None:
                _require_empty(self._inner)
            elif present != self._header:
                raise SnapshotError(f"the keys of {self.address} were changed meanwhile", "try again")
            write_header(self._inner, self._header)
            yield

    def _sealed(self, name: str) -> str:
        folder, _, file = name.rpartition("/")
        stem = file.removesuffix(UNFINISHED)
        if not 0 < len(stem.encode()) <= NAME_BYTES_MAX:
            raise SnapshotError(f"{name[:300]!r} is too long for the name of an encrypted file", "choose a shorter one")
        return f"{folder}/{self._names.seal(folder, stem)}{file[len(stem) :]}"

    def _unsealed(self, folder: str, sealed: str) -> str | None:
        """None for a file that has nothing to do with snapshots, such as one that a file manager made."""
        stem = sealed.removesuffix(UNFINISHED)
        if not is_sealed_name(stem):
            if _PLAIN_NAME.fullmatch(stem):
                raise SnapshotError(
                    f"{folder}/{sealed} in {self.address} is not encrypted, and the rest is",
                    "move it away: a place has either encrypted snapshots or plain ones",
                )
            return None
        try:
            return self._names.unseal(folder, stem) + sealed[len(stem) :]
        except InvalidTag:
            raise SnapshotError(
                f"{folder}/{sealed[:12]}... in {self.address} was renamed, or written with another key", "move it away"
            ) from None


def unlock(inner: Storage, key: KeySource | None, *, make: bool = False) -> Storage:
    """The storage that reads and writes what `inner` holds: itself, or an encrypted one. With `make`, and a key, a storage
    without snapshots becomes an encrypted one at its first.

    Raises SnapshotError where the key is missing or wrong, or not needed and not ambient, where encrypted and plain snapshots
    would come to lie in one place, and where the header is lost; FormatTooNew.
    """
    header = read_header(inner)
    if header is not None:
        if key is None:
            raise SnapshotError(
                f"the snapshots in {inner.address} are encrypted",
                f"give their key: --key-file or --passphrase-file, or set {KEY_FILE_VARIABLE}",
            )
        return EncryptedStorage(inner, header.unlock(key, inner.address), header)
    if any(is_sealed_name(name.removesuffix(UNFINISHED)) for name in inner.sizes(MANIFESTS)):
        raise SnapshotError(
            f"the snapshots in {inner.address} are encrypted, and their header encryption.json is lost",
            "bring it back from a copy: nothing there can be read without it",
        )
    if key is None or key.ambient:
        return inner
    if not make:
        raise SnapshotError(
            f"the snapshots in {inner.address} are not encrypted",
            f"whoever put them there had no key; if that is right leave out the key, and unset {KEY_FILE_VARIABLE}",
        )
    _require_empty(inner)
    if Path(inner.address).absolute() in key.path.expanduser().absolute().parents:
        raise SnapshotError(f"{key.path} would lie among the snapshots that it opens", "keep the key elsewhere")
    read_new_secret(key)  # what cannot open them later is said before the first is made
    return EncryptedStorage(inner, os.urandom(KEY_BYTES), key)


def change_key(inner: Storage, key: KeySource, new: KeySource, *, keep: bool = False) -> list[KeyKind]:
    """Let `new` open the encrypted snapshots, and with `keep` those that opened them before: the kinds of all that do now.

    The files stay as they are: the master key is encrypted anew. Raises SnapshotError where they are not encrypted, `key` does
    not open them, or `new` cannot be used.
    """
    if read_header(inner) is None:
        raise SnapshotError(f"the snapshots in {inner.address} are not encrypted", "name another place")
    with inner.exclusive():
        header = read_header(inner)
        assert header is not None
        master = header.unlock(key, inner.address)
        changed = EncryptionHeader(header.keys if keep else ()).with_key(new, master)
        write_header(inner, changed)
        return [each.kind for each in changed.keys]


def _require_empty(inner: Storage) -> None:
    if any(inner.sizes(folder) for folder in (MANIFESTS, OBJECTS, ANNOTATIONS, JOURNAL)):
        raise SnapshotError(
            f"the snapshots in {inner.address} are not encrypted, and encrypted ones cannot be added to them",
            f"name another place for them; or leave out the key, and unset {KEY_FILE_VARIABLE}",
        )
