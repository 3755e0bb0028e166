"""What the tests of encrypted snapshots share."""

from __future__ import annotations

import random
from pathlib import Path

from paasq_daemon.store.store import Store

FOLDERS = ("objects", "manifests", "annotations", "journal")


def fill(store: Store, count: int, offset: int = 0) -> None:
    body = random.Random(offset)
    store.write(
        lambda t: [t.put(1, f"k{n:06}", {1: body.randbytes(100).hex()}, {}) for n in range(offset, offset + count)]
    ).result()


def files(place: Path) -> list[Path]:
    """All that snapshots consist of, in order; not the header."""
    return [path for name in FOLDERS for path in sorted((place / name).iterdir())]


def flip(path: Path, at: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)
