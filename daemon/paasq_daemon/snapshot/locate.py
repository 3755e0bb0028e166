"""Finding the storage of snapshots by a path or a URL."""

from __future__ import annotations

from pathlib import Path

from paasq_daemon.snapshot.encrypted_storage import unlock
from paasq_daemon.snapshot.encryption_key import KeySource, environment_key
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.storage import MANIFESTS, OBJECTS, Storage
from paasq_daemon.store.data_folder import FORMAT_NAME, STORE_NAME
from paasq_daemon.wire.errors import SnapshotError

SNAPSHOTS_NAME = "snapshots"  # the folder in a data folder
_URL_SIGN = "://"


def open_storage(address: str, key: KeySource | None = None) -> Storage:
    """The storage that `snapshot create --to` names: a folder, which need not exist yet, or a URL of an object store.

    A data folder stands for the snapshots in it. With a key, given or of the environment, what is empty is made an encrypted
    one. Raises SnapshotError where a URL cannot be used, and as `unlock` does.
    """
    return unlock(locate_storage(address), key or environment_key(), make=True)


def find_storage(address: str, key: KeySource | None = None) -> Storage:
    """The storage of snapshots that exist: as `open_storage`, for reading.

    A data folder may be damaged as it likes: nothing in it but `snapshots` is looked at. Where the environment names a key, all
    other places must be encrypted. Raises SnapshotError where a path is neither a data folder nor a folder of snapshots, and
    as `unlock` does.
    """
    storage = locate_storage(address)
    is_own = isinstance(storage, LocalStorage) and _is_data_folder(_path(address))
    if isinstance(storage, LocalStorage) and not is_own and not _is_snapshot_folder(storage.folder):
        raise SnapshotError(
            f"{_path(address)} is neither a data folder nor a folder of snapshots",
            "name one that holds `snapshots`, or `manifests` and `objects`",
        )
    return unlock(storage, key or environment_key(ambient=is_own))


def own_storage(folder: Path, key: KeySource | None = None) -> Storage:
    """The snapshots in a data folder, encrypted from the first one on only where a key is named for it: the environment's opens
    what is encrypted, and no more. Raises SnapshotError as `unlock` does."""
    return unlock(LocalStorage(folder / SNAPSHOTS_NAME), key or environment_key(ambient=True), make=True)


def locate_storage(address: str) -> Storage:
    """What an address names, as it lies there. Raises SnapshotError where a URL cannot be used."""
    if _URL_SIGN in address:
        from paasq_daemon.snapshot.bucket_storage import BucketStorage  # noqa: PLC0415  # obstore is optional

        return BucketStorage(address)
    path = _path(address)
    return LocalStorage(path / SNAPSHOTS_NAME if _is_data_folder(path) else path)


def _path(address: str) -> Path:
    try:
        path = Path(address).expanduser().absolute()
        path.exists()  # which raises where it is too long, or in a circle of links
    except (OSError, RuntimeError, ValueError) as error:
        raise SnapshotError(
            f"{address[:300]!r} is not the path of a folder ({error})", "name another folder"
        ) from error
    if not address or "\0" in address:
        raise SnapshotError(f"{address[:300]!r} is not the path of a folder", "name a folder")
    return path


def _is_data_folder(path: Path) -> bool:
    if _is_snapshot_folder(path):
        return False
    return any((path / name).exists() for name in (FORMAT_NAME, STORE_NAME, SNAPSHOTS_NAME))


def _is_snapshot_folder(path: Path) -> bool:
    return (path / MANIFESTS).is_dir() or (path / OBJECTS).is_dir()
