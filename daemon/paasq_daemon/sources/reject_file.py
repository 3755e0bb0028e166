"""Where rejected lines are kept, so that nothing of an imported file is lost."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import IO, Self

import orjson

from paasq_daemon.sources.input_record import InputRecord


class RejectFile:
    """JSON Lines: `{"line": 7, "cause": "...", "text": "..."}`; `base64` in place of `text` where it is not UTF-8.

    Opened, and an older file overwritten, at the first rejected entry; without one the file is left as it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: IO[bytes] | None = None

    def write(self, entry: InputRecord) -> None:
        """Append one rejected entry with its cause. Buffered: it is on disk when the `with` block ends."""
        if self._file is None:
            self._file = self.path.open("wb")
        self.count += 1
        self._file.write(orjson.dumps({"line": entry.line, "cause": entry.error, **_kept(entry.raw)}) + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _kept(raw: bytes) -> dict[str, str]:
    try:
        return {"text": raw.rstrip(b"\r\n").decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(raw).decode()}
