"""Hashing the pages of a data file, and compressing those that changed, in packs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from blake3 import blake3

from paasq_daemon.snapshot.object_store import compress
from paasq_daemon.store.data_file_copy import DataFileCopy

PAGE_BYTES = 4096
PACK_PAGES_MAX = 1024  # in one object, so 4 MiB
HASH_BYTES = 32

_CHUNK_PAGES = 128  # read and hashed at a time: they stay in the processor's cache
_COMPRESSORS = 2  # threads
_PACKS_WAITING_MAX = 4


class Pages(NamedTuple):
    """The next pages of the file: `hashes` has the BLAKE3 of each, `same` one byte, 1 where the page is as before."""

    hashes: bytes
    same: bytes


class Pack(NamedTuple):
    """The next 1,024 changed pages, in the last pack fewer, compressed."""

    stored: bytes


def pack_pages(source: DataFileCopy, before: bytes | bytearray) -> Iterator[Pages | Pack]:
    """All pages of the file in order, and those that are not as in `before`, the hashes of a file's pages, in packs: each after
    the pages that are in it. Raises StoreError where the disk does not give a page."""
    chunk = memoryview(bytearray(_CHUNK_PAGES * PAGE_BYTES))
    pages = [chunk[start : start + PAGE_BYTES] for start in range(0, len(chunk), PAGE_BYTES)]
    at = 0
    with ThreadPoolExecutor(_COMPRESSORS, "paasq-pack") as pool:
        packs = _Packs(pool)
        while count := source.read_into(chunk) // PAGE_BYTES:
            hashes = _hash(pages[:count])
            same = _compare(hashes, before[at * HASH_BYTES : (at + count) * HASH_BYTES])
            yield Pages(b"".join(hashes), same)
            for start, end in runs(same):
                if not same[start]:
                    packs.add(chunk[start * PAGE_BYTES : end * PAGE_BYTES])
            yield from packs.ready()
            at += count
        yield from packs.finish()


class _Packs:
    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._pack = bytearray()
        self._compressing: deque[Future[bytes]] = deque()

    def add(self, run: memoryview) -> None:
        while run:
            room = PACK_PAGES_MAX * PAGE_BYTES - len(self._pack)
            self._pack += run[:room]
            run = run[room:]
            if len(self._pack) == PACK_PAGES_MAX * PAGE_BYTES:
                self._close()

    def ready(self) -> Iterator[Pack]:
        while self._compressing and (self._compressing[0].done() or len(self._compressing) > _PACKS_WAITING_MAX):
            yield Pack(self._compressing.popleft().result())

    def finish(self) -> Iterator[Pack]:
        if self._pack:
            self._close()
        for each in self._compressing:
            yield Pack(each.result())

    def _close(self) -> None:
        self._compressing.append(self._pool.submit(compress, self._pack))
        self._pack = bytearray()


def _hash(pages: list[memoryview]) -> list[bytes]:
    hasher, hashes = blake3(), list[bytes]()
    for page in pages:
        hasher.reset()  # a quarter faster than a new one for each
        hasher.update(page)
        hashes.append(hasher.digest())
    return hashes


def _compare(hashes: list[bytes], before: bytes | bytearray) -> bytes:
    if b"".join(hashes) == before:
        return b"\1" * len(hashes)
    return bytes(found == before[n * HASH_BYTES : (n + 1) * HASH_BYTES] for n, found in enumerate(hashes))


def runs(same: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each run of equal bytes."""
    end = 0
    while (start := end) < len(same):
        end = same.find(1 - same[start], start)
        end = len(same) if end < 0 else end
        yield start, end
