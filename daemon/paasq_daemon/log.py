"""The daemon's log: one line an event, `name field=value ...` or JSON; never a token, a query's text or a record's contents."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from logging.handlers import RotatingFileHandler, WatchedFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

LOGGER = logging.getLogger("paasq_daemon")  # what its modules log by their names comes here, too
_FRAMES_SHOWN = 6

_ErrorInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LogFormat(StrEnum):
    """How an event is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least level that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Where the log goes and how: to standard error where `file` is None. A file is renamed at `file_bytes_max` bytes (0: never),
    and so many `files_kept` besides it."""

    level: LogLevel = LogLevel.INFO
    format: LogFormat = LogFormat.TEXT
    file: Path | None = None
    file_bytes_max: int = 10 << 20
    files_kept: int = 5


TEXT_LOG = LogSettings()  # to standard error


def log_event(name: str, level: int = logging.INFO, **fields: Any) -> None:
    """Values are JSON in ASCII: what a client names cannot break a line or drive a terminal."""
    parts = [name, *(f"{field}={json.dumps(value, default=str)}" for field, value in fields.items())]
    LOGGER.log(level, "%s", " ".join(parts), extra={"event": name, "fields": fields})


def log_failure(name: str, error: BaseException, **fields: Any) -> None:
    """An error that nobody foresaw, or what caused it: its class and where, not its words, which may hold data."""
    error = error.__cause__ or error
    log_event(name, logging.ERROR, **fields, error=type(error).__name__, where=_frames(error.__traceback__))


class LineFormatter(logging.Formatter):
    """Time, level, message, on one line, whoever logged it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line, control characters escaped."""
        record = copy(record)
        record.exc_text = None  # as another handler may have written it
        line = super().format(record)
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)

    def formatException(self, ei: _ErrorInfo) -> str:  # noqa: N802  # logging's name
        """The class and where, as `log_failure`."""
        return "" if ei[0] is None else json.dumps({"error": ei[0].__name__, "where": _frames(ei[2])})


class JsonFormatter(logging.Formatter):
    """An object a line: `time` (ISO 8601, UTC), `level`, `event`, and the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON in ASCII. What no event of ours has is in `message`, a text."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "message"),
        }
        fields: Mapping[str, Any] | None = getattr(record, "fields", None)
        line |= {"logger": record.name, "message": record.getMessage()} if fields is None else fields
        if record.exc_info and record.exc_info[0] is not None:
            line |= {"error": record.exc_info[0].__name__, "where": _frames(record.exc_info[2])}
        return json.dumps(line, default=str)


def start_log(settings: LogSettings, *, rotates: bool = True) -> None:
    """Write the log of this process, of whatever logger, as the settings say. Of the processes that write one file only the first
    `rotates`; the others follow it. Raises OSError where the file cannot be written."""
    handler = _handler(settings, rotates=rotates)
    handler.setFormatter(JsonFormatter() if settings.format is LogFormat.JSON else LineFormatter())
    logging.getLogger().addHandler(handler)
    LOGGER.setLevel(settings.level.upper())  # of other loggers warnings are written


def _handler(settings: LogSettings, *, rotates: bool) -> logging.Handler:
    if settings.file is None:
        return logging.StreamHandler()
    settings.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not rotates:
        return WatchedFileHandler(settings.file, encoding="utf-8", delay=True)
    return RotatingFileHandler(
        settings.file, maxBytes=settings.file_bytes_max, backupCount=settings.files_kept, encoding="utf-8"
    )


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{each.filename}:{each.lineno} {each.name}" for each in traceback.extract_tb(trace)[-_FRAMES_SHOWN:]]
