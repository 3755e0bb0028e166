"""Where a restored store came from: the file `origin.json` in its data folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from paasq_daemon.store.data_folder import write_atomically

_NAME = "origin.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """The moment that was restored, and of what. Times are ISO 8601 in UTC.

    `seq` and `time` are of its last transaction. `snapshot` and its hash name the snapshot, in the storage `source`;
    `archive` is the first and the last transaction that the archived journal added to it; `rewound` says that it was later,
    and its own history led back. `damage` names what was damaged already when it was captured.
    """

    seq: int
    time: str | None
    snapshot: str
    snapshot_hash: str
    source: str
    restored: str
    archive: tuple[int, int] | None = None
    rewound: bool = False
    damage: tuple[str, ...] = ()


def write_origin(folder: Path, origin: Origin) -> None:
    """Write it durably."""
    write_atomically(folder / _NAME, json.dumps(asdict(origin)).encode())


def read_origin(folder: Path) -> Origin | None:
    """None where the store was not restored, or the file is damaged: it says nothing that the store depends on."""
    try:
        fields = json.loads((folder / _NAME).read_bytes())
        archive = fields["archive"] and (fields["archive"][0], fields["archive"][1])
        return Origin(**{**fields, "archive": archive, "damage": tuple(fields["damage"])})
    except (OSError, ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
