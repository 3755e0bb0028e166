"""The lines of a file, plain or compressed by gzip. Memory is bounded by the longest line allowed."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, Self

from paasq_daemon.wire.errors import PaasqError

LINE_BYTES_MAX = 2**24  # as a message of the daemon
_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_READ_BYTES = 2**18


class Line(NamedTuple):
    """`number` counts from 1. `text` ends with its newline; where `truncated`, it is the line's first `LINE_BYTES_MAX` bytes."""

    number: int
    text: bytes
    truncated: bool = False


class LineFile:
    """Iterate to get `Line`s. `position_bytes` of `size_bytes` of the file as it lies on disk have been read."""

    def __init__(self, path: Path) -> None:
        """Raises PaasqError where the file cannot be read."""
        self._path = path
        try:
            self._disk: IO[bytes] = path.open("rb")
            self.size_bytes = path.stat().st_size
        except OSError as error:
            raise PaasqError(f"{path} cannot be read: {error.strerror}", "give the path of a readable file") from None
        compressed = self._disk.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        self._disk.seek(0)
        self._stream: IO[bytes] = self._disk
        if compressed:
            self._stream = io.BufferedReader(gzip.GzipFile(fileobj=self._disk), _READ_BYTES)

    @property
    def position_bytes(self) -> int:
        """Bytes read of the file on disk (compressed ones of a .gz), buffers included: for progress, not for seeking."""
        return self._disk.tell()

    def __iter__(self) -> Iterator[Line]:
        """Raises PaasqError where the compressed data end early; the lines before have been yielded."""
        number = 0
        try:
            while text := self._stream.readline(LINE_BYTES_MAX):
                number += 1
                cut = len(text) == LINE_BYTES_MAX and not text.endswith(b"\n")
                if cut:
                    self._skip_line()
                yield Line(number, text.removeprefix(_BOM) if number == 1 else text, cut)
        except (EOFError, zlib.error, OSError) as error:
            raise PaasqError(
                f"{self._path} breaks off after line {number}: {error}",
                "the records before that line are stored; get a whole copy of the file and import it again",
            ) from None

    def _skip_line(self) -> None:
        while (rest := self._stream.readline(LINE_BYTES_MAX)) and not rest.endswith(b"\n"):
            pass

    def close(self) -> None:
        self._stream.close()
        self._disk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
