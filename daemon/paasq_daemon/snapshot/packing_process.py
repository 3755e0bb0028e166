"""Packing the pages of a large data file in a process of its own, which holds no interpreter that answers queries."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from struct import Struct
from typing import IO, BinaryIO

from paasq_daemon.snapshot.page_packing import HASH_BYTES, Pack, Pages, pack_pages
from paasq_daemon.store.data_file_copy import DataFileCopy
from paasq_daemon.wire.errors import StoreError

OWN_PROCESS_BYTES_MIN = 64 << 20  # of a data file: starting a process takes as long as packing what is smaller

_NICENESS = 10
_PIPE_BYTES = 1 << 20  # what Linux grants to everyone
_KEEPING_MEMORY = {  # glibc gives each pack's memory back else, and a quarter of the time goes into having it again
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}  # fmt: skip
_FRAME = Struct("<cI")  # what follows, and its bytes
_PAGES, _PACK, _FAILED, _END = b"p", b"k", b"f", b"e"


def is_large(size_bytes: int) -> bool:
    """Whether processes are worth their start for a data file of this size."""
    return size_bytes >= OWN_PROCESS_BYTES_MIN


@contextmanager
def packing(source: DataFileCopy, before: bytes | bytearray) -> Iterator[Iterator[Pages | Pack]]:
    """What `pack_pages` gives, made in a process of its own where the file is large; that ends with the block, or with this
    process. Raises StoreError where it comes to no end."""
    if not is_large(source.size_bytes):
        yield pack_pages(source, before)
        return
    try:
        process = subprocess.Popen(  # noqa: S603  # this very interpreter, without a shell
            [sys.executable, "-P", "-m", "paasq_daemon.snapshot.packing_process", source.to_json()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[source.file],
            process_group=0, env=os.environ | _KEEPING_MEMORY,
        )  # fmt: skip
    except OSError as error:
        raise _failed(f"cannot be started: {error.strerror}") from error
    with process:
        try:
            yield _output(process, before)
        finally:
            process.kill()


def _output(process: subprocess.Popen[bytes], before: bytes | bytearray) -> Iterator[Pages | Pack]:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with process.stdin as stdin:
            stdin.write(before)
    except BrokenPipeError:
        pass  # what it says, or that it ended, is read next
    _widen(process.stdout)
    while True:
        header = process.stdout.read(_FRAME.size)
        kind, length = _FRAME.unpack(header) if len(header) == _FRAME.size else (b"", 0)
        content = process.stdout.read(length)
        if not kind or len(content) < length:
            raise _failed(f"ended with {process.wait()}")
        if kind == _PAGES:
            hashes_end = length // (HASH_BYTES + 1) * HASH_BYTES
            yield Pages(content[:hashes_end], content[hashes_end:])
        elif kind == _PACK:
            yield Pack(content)
        elif kind == _FAILED:
            raise StoreError(*json.loads(content))
        else:
            return


def _failed(how: str) -> StoreError:
    return StoreError(f"the process that packs the data file's pages {how}", "make the snapshot again")


def _widen(pipe: IO[bytes]) -> None:
    with suppress(OSError):  # it is slower as it is
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def main() -> None:
    """Pack the pages of the copy that the first argument has as JSON, against the hashes at standard input; write frames."""
    os.nice(_NICENESS)
    before = sys.stdin.buffer.read()
    output = sys.stdout.buffer
    try:
        for part in pack_pages(DataFileCopy.from_json(sys.argv[1]), before):
            if isinstance(part, Pages):
                _write(output, _PAGES, part.hashes + part.same)
            else:
                _write(output, _PACK, part.stored)
    except StoreError as error:
        _write(output, _FAILED, json.dumps([error.message, error.hint]).encode())
    else:
        _write(output, _END, b"")


def _write(output: BinaryIO, kind: bytes, content: bytes) -> None:
    output.write(_FRAME.pack(kind, len(content)))
    output.write(content)
    output.flush()


if __name__ == "__main__":
    main()
