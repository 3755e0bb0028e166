"""The daemon's log: one line an event, `name field=value ...`; never a token, a query's text or a record's contents."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

LOGGER = logging.getLogger("paasq_daemon")  # what its modules log by their names comes here, too
_FRAMES_SHOWN = 6


def log_event(name: str, level: int = logging.INFO, **fields: Any) -> None:
    """Values are JSON in ASCII: what a client names cannot break a line or drive a terminal."""
    parts = [name, *(f"{field}={json.dumps(value, default=str)}" for field, value in fields.items())]
    LOGGER.log(level, "%s", " ".join(parts))


def log_failure(name: str, error: BaseException, **fields: Any) -> None:
    """An error that nobody foresaw, or what caused it: its class and where, not its words, which may hold data."""
    error = error.__cause__ or error
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_SHOWN:]
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    log_event(name, logging.ERROR, **fields, error=type(error).__name__, where=where)


class LineFormatter(logging.Formatter):
    """Time, level, message, on one line, whoever logged it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line, control characters escaped."""
        line = super().format(record)
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def log_to_stderr(level: int = logging.INFO) -> None:
    """Write the log of this process to standard error, a line an event."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
