"""Where the key of encrypted snapshots comes from: a key file that paasq made, or a file with a passphrase."""

from __future__ import annotations

import os
import re
import unicodedata
from base64 import b32decode, b32encode
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from blake3 import blake3

from paasq_daemon.store.data_folder import fsync_folder
from paasq_daemon.wire.errors import SnapshotError
from paasq_daemon.wire.paths import StrPath, absolute_path

KEY_FILE_VARIABLE, PASSPHRASE_FILE_VARIABLE = "PAASQ_SNAPSHOT_KEY_FILE", "PAASQ_SNAPSHOT_PASSPHRASE_FILE"
PASSPHRASE_CHARS_MIN = 8  # of a new one
_FILE_BYTES_MAX = 64 << 10
_SECRET_BYTES, _CHECK_BYTES = 32, 4
_KEY = re.compile(r"paasq-key-1-([a-z2-7]{58})")

KeyKind = Literal["key file", "passphrase"]


@dataclass(frozen=True, slots=True)
class KeySource:
    """The file that holds the key. It is read when the key is needed, and never kept.

    An `ambient` one opens what is encrypted, and asks for nothing to be so.
    """

    kind: KeyKind
    path: Path
    ambient: bool = False

    def absolute(self) -> KeySource:
        """The same with an absolute path, as a daemon finds it, which runs in another folder."""
        return replace(self, path=absolute_path(self.path))

    def read(self) -> bytes:
        """The 32 bytes of the key file, or the passphrase in UTF-8, composed (NFC), without the line break at its end.

        Raises SnapshotError where the file cannot be read or holds neither.
        """
        text = read_text(self.path, f"the {self.kind}")
        if self.kind == "key file":
            return _parse_key(text, self.path)
        passphrase = unicodedata.normalize("NFC", text.rstrip("\r\n"))
        if not passphrase:
            raise SnapshotError(f"{self.path} holds no passphrase", "write one into it, on one line")
        return passphrase.encode()


def given_key(key_file: StrPath | None, passphrase_file: StrPath | None) -> KeySource | None:
    """The one that is named, if any. Raises SnapshotError where both are."""
    return _one_of(key_file, passphrase_file, ambient=False)


def key_for_new(to: str | None, key_file: StrPath | None, passphrase_file: StrPath | None) -> KeySource | None:
    """The key that new snapshots are encrypted by, with an absolute path: the one that is named, else that of the environment
    where they go to another place than the data folder. Raises SnapshotError where there are two."""
    key = given_key(key_file, passphrase_file) or (None if to is None else environment_key())
    return None if key is None else key.absolute()


def environment_key(*, ambient: bool = False) -> KeySource | None:
    """The one that the environment names, if any. Raises SnapshotError where it names two."""
    key_file, passphrase_file = os.environ.get(KEY_FILE_VARIABLE), os.environ.get(PASSPHRASE_FILE_VARIABLE)
    return _one_of(key_file or None, passphrase_file or None, ambient=ambient)


def write_key_file(path: Path) -> None:
    """Make a new key of 256 random bits, in a file that its owner alone may read. Raises SnapshotError where it exists."""
    secret = os.urandom(_SECRET_BYTES)
    key = b32encode(secret + _check_of(secret)).decode().rstrip("=").lower()
    write_new_file(
        path,
        "# A key of paasq snapshots. Whoever has it can read them, and without it nobody can:\n"
        f"# keep a copy where neither this disk nor the snapshots are; on paper will do.\npaasq-key-1-{key}\n",
    )


def write_new_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file durably. Raises SnapshotError where there is one already: a key is never replaced."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fsync_folder(path.absolute().parent)
    except FileExistsError:
        raise SnapshotError(f"there is a file {path} already", "name another one: a key is never replaced") from None
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{path} cannot be written ({error})", "name another file") from error


def read_text(path: Path, what: str) -> str:
    """The text of a small file. Raises SnapshotError, naming what it should be."""
    try:
        with path.expanduser().open("rb") as file:
            content = file.read(_FILE_BYTES_MAX + 1)
        if len(content) > _FILE_BYTES_MAX:
            raise SnapshotError(f"{path} is too large for {what}", f"name the file that holds {what}")
        return content.decode()
    except (OSError, ValueError, RuntimeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SnapshotError(
            f"{path}, which should hold {what}, cannot be read: {words}", "name another file"
        ) from error


def _one_of(key_file: StrPath | None, passphrase_file: StrPath | None, *, ambient: bool) -> KeySource | None:
    if key_file is not None and passphrase_file is not None:
        raise SnapshotError("a key file and a passphrase file are both given", "give the one that opens the snapshots")
    if key_file is not None:
        return KeySource("key file", Path(key_file), ambient)
    return None if passphrase_file is None else KeySource("passphrase", Path(passphrase_file), ambient)


def _parse_key(text: str, path: Path) -> bytes:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = _KEY.fullmatch(lines[0].lower()) if len(lines) == 1 else None
    if found is None:
        raise SnapshotError(f"{path} is not a key file", "make one: `paasq snapshot keygen FILE`")
    content = b32decode(found[1].upper() + "======")
    if _check_of(content[:_SECRET_BYTES]) != content[_SECRET_BYTES:]:
        raise SnapshotError(f"the key in {path} was changed", "compare it with your copy, letter by letter")
    return content[:_SECRET_BYTES]


def _check_of(secret: bytes) -> bytes:
    return blake3(secret, derive_key_context="paasq snapshot key file: check").digest(_CHECK_BYTES)
