"""Where snapshots are kept, as files by relative names: a folder, or a bucket of an object store."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path

from paasq_daemon.wire.errors import SnapshotError

OBJECTS, MANIFESTS, ANNOTATIONS, JOURNAL = "objects", "manifests", "annotations", "journal"  # the folders of a storage
UNFINISHED = ".new"  # how the name of a file ends until it is whole


class Storage(ABC):
    """Files named `folder/name`. Thread-safe.

    Every method raises SnapshotError where the disk or the network fails, save as it says itself.
    """

    @property
    @abstractmethod
    def address(self) -> str:
        """What `open_storage` finds it by: a path or a URL."""

    @property
    @abstractmethod
    def scratch(self) -> Path:
        """A folder on this machine for what verifying unpacks; it may not exist yet."""

    @abstractmethod
    def read(self, name: str, bytes_max: int) -> bytes:
        """The content. Raises FileNotFoundError where there is none of that name, SnapshotError where it is larger."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""

    @abstractmethod
    def sizes(self, folder: str) -> dict[str, int]:
        """The bytes of all files of a folder, by the name in it; empty where there is no such folder."""

    @abstractmethod
    def write(self, name: str, content: bytes) -> None:
        """Write or replace a file: others see the old content or the whole new one. It is durable after `sync`."""

    @abstractmethod
    def settle(self, name: str) -> None:
        """Let `sync` make a file durable that was there already, since whoever wrote it may have been cut off before."""

    @abstractmethod
    def sync(self, folder: str) -> None:
        """Make what was written, settled or removed in a folder durable."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file; it is no error where it is gone already."""

    @abstractmethod
    def exclusive(self) -> AbstractContextManager[None]:
        """One process at a time adds or removes snapshots. Raises SnapshotError where another does."""


def scratch_elsewhere() -> Path:
    """The user's own cache folder, for storages that nothing can be unpacked in."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paasq"


def too_large(address: str, name: str, bytes_max: int) -> SnapshotError:
    """The error of a file that is larger than anything that paasq writes."""
    return SnapshotError(f"{name} in {address} is larger than {bytes_max:,} bytes", "it was not written by paasq")
