"""Frames on a byte stream, in two forms; the first byte of a connection decides the form, in both directions.

- Lines: a message is one line of JSON. First byte `{`, `[` or white space.
- Headers: `Content-Length: <bytes>`, an empty line, then so many bytes of JSON, as in LSP. First byte `C` or `c`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from paasq_daemon.wire.errors import LimitExceeded, ProtocolError

FRAME_BYTES_MAX = 16 * 2**20
HEADER_BYTES_MAX = 8 * 2**10
REQUESTS_IN_FLIGHT_MAX = 64  # of one connection
_LENGTH_DIGITS_MAX = 12


class Framing(StrEnum):
    """The two forms of frames; see the module."""

    LINES = "lines"
    HEADERS = "headers"


def frame(body: bytes, framing: Framing) -> bytes:
    """The bytes of one frame. `body` is JSON in UTF-8, with no newline in it where frames are lines."""
    if framing is Framing.LINES:
        return body + b"\n"
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class FrameDecoder:
    """Incremental decoder: bytes in, whole frames out. Buffers one frame at most; not thread-safe.

    ProtocolError and LimitExceeded mean that the next frame's beginning is unknown: the connection must close.
    """

    def __init__(self, framing: Framing | None = None, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        self.framing = framing
        self._frame_bytes_max = frame_bytes_max
        self._buffer = bytearray()
        self._searched = 0  # no end of line before this offset of the buffer
        self._body_bytes: int | None = None  # known once a header is read

    @property
    def begun(self) -> bool:
        """Whether a frame has begun and has not ended."""
        return bool(self._buffer) or self._body_bytes is not None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that `data` completes, in order; those before a broken one come before its error."""
        self._buffer += data
        if self.framing is None and self._buffer:
            self.framing = _framing_of(self._buffer[0])
        take = self._line if self.framing is Framing.LINES else self._counted
        while (body := take()) is not None:
            if body and not body.isspace():
                yield body

    def end(self) -> Iterator[bytes]:
        """The frames left at the end of the stream: a last line needs no newline. Raises ProtocolError inside a frame."""
        if self.framing is Framing.LINES:
            yield from self.feed(b"\n")
        elif self.begun:
            raise ProtocolError("the connection ended inside a frame")

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._searched)
        if max(end, len(self._buffer) if end < 0 else 0) > self._frame_bytes_max:
            raise _too_long(self._frame_bytes_max)
        if end < 0:
            self._searched = len(self._buffer)
            return None
        self._searched = 0
        return self._cut(end, 1)

    def _counted(self) -> bytes | None:
        if self._body_bytes is None:
            self._body_bytes = self._header()
        if self._body_bytes is None or len(self._buffer) < self._body_bytes:
            return None
        size, self._body_bytes = self._body_bytes, None
        return self._cut(size, 0)

    def _header(self) -> int | None:
        """The body's size in bytes; None until the whole header is there."""
        ends = [(at, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := self._buffer.find(mark)) >= 0]
        end, mark_bytes = min(ends, default=(-1, 0))
        if max(end, len(self._buffer) if end < 0 else 0) > HEADER_BYTES_MAX:
            raise LimitExceeded(f"a frame's header may have {HEADER_BYTES_MAX} bytes at most")
        if end < 0:
            return None
        size = _content_length(self._cut(end, mark_bytes))
        if size > self._frame_bytes_max:
            raise _too_long(self._frame_bytes_max)
        return size

    def _cut(self, size: int, beyond: int) -> bytes:
        body = bytes(self._buffer[:size])
        del self._buffer[: size + beyond]
        return body


def _framing_of(first: int) -> Framing:
    if first in b"{[ \t\r\n":
        return Framing.LINES
    if first in b"Cc":
        return Framing.HEADERS
    raise ProtocolError(
        f"a connection cannot begin with the byte 0x{first:02x}",
        "this socket speaks JSON-RPC 2.0: one JSON object a line, or frames with a Content-Length header",
    )


def _content_length(header: bytes) -> int:
    sizes: list[bytes] = []
    for line in header.splitlines():
        name, _, value = line.partition(b":")
        match name.strip().lower():
            case b"content-length":
                sizes.append(value.strip())
            case b"content-type":  # LSP's other header; the content is JSON in UTF-8 whatever it says
                pass
            case _:
                raise ProtocolError("a frame's header has a line that is neither Content-Length nor Content-Type")
    if len(sizes) != 1 or not sizes[0].isdigit() or len(sizes[0]) > _LENGTH_DIGITS_MAX:
        raise ProtocolError("a frame's header needs one Content-Length, a whole number of bytes")
    return int(sizes[0])


def _too_long(most_bytes: int) -> LimitExceeded:
    return LimitExceeded(
        f"a message may have {most_bytes:,} bytes at most",
        "put fewer records at a time, or send large values as parameters of several requests",
    )
