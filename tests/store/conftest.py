from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paasq_daemon.snapshot import encryption_header
from paasq_daemon.snapshot.encryption_key import KeySource, write_key_file
from paasq_daemon.snapshot.locate import open_storage
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data", sync=False) as store:
        yield store


@pytest.fixture
def key(tmp_path: Path) -> KeySource:
    """A new key for snapshots."""
    write_key_file(tmp_path / "key")
    return KeySource("key file", tmp_path / "key")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where encrypted snapshots go."""
    return tmp_path / "backup"


@pytest.fixture
def encrypted(place: Path, key: KeySource) -> Storage:
    """The storage there. Nothing is in it yet."""
    return open_storage(str(place), key)


@pytest.fixture
def quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases are not what these tests are about."""
    monkeypatch.setattr(encryption_header, "_SCRYPT", {"n": 16, "r": 8, "p": 1})
