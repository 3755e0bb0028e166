"""Snapshots kept in a bucket of an object store, through the library obstore."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from paasq_daemon.snapshot.storage import Storage, scratch_elsewhere, too_large
from paasq_daemon.wire.errors import SnapshotError

if TYPE_CHECKING:
    from obstore import UpdateVersion

_LOCK = "lock"
_LOCK_S = 120.0  # after so long without a sign of life another process may take it
_RENEW_S = 30.0
_SCHEMES = ("s3", "gs", "az")
_CONFIGURATION = (
    "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and AWS_ENDPOINT_URL where it is not Amazon's"
)


class BucketStorage(Storage):
    """A bucket, or a prefix in one: `s3://bucket/prefix`. Access is configured by the environment, as obstore reads it."""

    def __init__(self, url: str) -> None:
        """Raises SnapshotError where the URL is none of an object store, or obstore is not installed."""
        if url.partition("://")[0] not in _SCHEMES:
            raise SnapshotError(
                f"{url} is not the address of an object store", "write s3://BUCKET/PREFIX, gs:// or az://"
            )
        try:
            import obstore.store  # noqa: PLC0415  # optional
        except ImportError:
            raise SnapshotError(
                "snapshots in an object store need the library obstore", "install it: pip install 'paasq[object-store]'"
            ) from None
        self._url = url
        plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        try:
            self._store = obstore.store.from_url(url, client_options={"allow_http": plain})
        except (obstore.exceptions.BaseError, ValueError) as error:
            raise self._failed(error) from error

    @property
    def address(self) -> str:
        return self._url

    @property
    def scratch(self) -> Path:
        return scratch_elsewhere()

    def read(self, name: str, bytes_max: int) -> bytes:
        with self._in_words():
            found = self._store.get(name)
            if found.meta["size"] > bytes_max:
                raise too_large(self.address, name, bytes_max)
            return bytes(found.bytes())

    def exists(self, name: str) -> bool:
        try:
            with self._in_words():
                self._store.head(name)
        except FileNotFoundError:
            return False
        return True

    def sizes(self, folder: str) -> dict[str, int]:
        with self._in_words():
            pages = self._store.list(folder + "/", chunk_size=1000)
            return {each["path"].rpartition("/")[2]: each["size"] for page in pages for each in page}

    def write(self, name: str, content: bytes) -> None:
        with self._in_words():
            self._store.put(name, content, use_multipart=False)

    def settle(self, name: str) -> None:
        """Nothing is to do, as in `sync`."""

    def sync(self, folder: str) -> None:
        """Nothing is to do: what an object store acknowledged is durable."""

    def remove(self, name: str) -> None:
        try:
            with self._in_words():
                self._store.delete(name)
        except FileNotFoundError:
            pass

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """As in the base class, by an object `lock` that is made only where there is none, and renewed while it is held.

        One that was not renewed for two minutes is taken over: its process was cut off.
        """
        lock = _BucketLock(self)
        lock.take()
        try:
            yield
        finally:
            lock.release()

    def put_if(self, name: str, content: bytes, version: UpdateVersion | None) -> UpdateVersion | None:
        """Write a file where it has this version, or where there is none of that name; its new version.

        None where another process was faster. The store must know conditional writes.
        """
        from obstore import exceptions  # noqa: PLC0415  # optional

        try:
            with self._in_words():
                done = self._store.put(name, content, mode="create" if version is None else version)
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            return None
        return _version(done)

    def version_of(self, name: str) -> tuple[UpdateVersion, bytes]:
        """A file's version, and its content. Raises FileNotFoundError."""
        with self._in_words():
            found = self._store.get(name)
            return _version(found.meta), bytes(found.bytes())

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        from obstore import exceptions  # noqa: PLC0415  # optional

        try:
            yield
        except (FileNotFoundError, exceptions.AlreadyExistsError, exceptions.PreconditionError):
            raise
        except (exceptions.BaseError, OSError, ValueError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> SnapshotError:
        words = str(error).strip().splitlines()
        return SnapshotError(f"{self._url} cannot be used: {words[0][:300] if words else error!r}", _CONFIGURATION)


class _BucketLock:
    """The lock of a bucket: taken, renewed by a thread, given back."""

    def __init__(self, storage: BucketStorage) -> None:
        self._storage = storage
        self._owner = f"process {os.getpid()} on {socket.gethostname()}"
        self._token = token_hex(8)
        self._version: UpdateVersion | None = None
        self._released = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="paasq-bucket-lock", daemon=True)

    def take(self) -> None:
        """Raises SnapshotError where another process holds it."""
        self._version = self._storage.put_if(_LOCK, self._content(), None)
        if self._version is None:
            self._version = self._take_over()
        self._renewing.start()

    def release(self) -> None:
        self._released.set()
        self._renewing.join()
        try:
            mine = _read(self._storage.version_of(_LOCK)[1]).get("token") == self._token
        except FileNotFoundError:
            return
        if mine:  # else the network was away for so long that another process took it over
            self._storage.remove(_LOCK)

    def _take_over(self) -> UpdateVersion:
        try:
            version, content = self._storage.version_of(_LOCK)
        except FileNotFoundError:  # it was given back this moment
            version, content = None, b"{}"
        holder = _read(content)
        if version is not None and time.time() - holder.get("renewed", 0.0) < _LOCK_S:
            raise SnapshotError(
                f"another snapshot is being made or removed in {self._storage.address}, by {holder.get('owner')}",
                f"try again when it is done; if it was cut off, in {_LOCK_S:.0f} seconds",
            )
        taken = self._storage.put_if(_LOCK, self._content(), version)
        if taken is None:
            raise SnapshotError(
                f"another snapshot is being made in {self._storage.address}", "try again when it is done"
            )
        return taken

    def _renew(self) -> None:
        while not self._released.wait(_RENEW_S):
            try:
                self._version = self._storage.put_if(_LOCK, self._content(), self._version) or self._version
            except SnapshotError:
                continue  # the network is away for a while; the work itself says so where it lasts

    def _content(self) -> bytes:
        return json.dumps({"owner": self._owner, "token": self._token, "renewed": time.time()}).encode()


def _read(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("renewed"), (int, float)) else {}


def _version(meta: Any) -> UpdateVersion:
    found: UpdateVersion = {}
    if meta["e_tag"] is not None:
        found["e_tag"] = meta["e_tag"]
    if meta["version"] is not None:
        found["version"] = meta["version"]
    return found
