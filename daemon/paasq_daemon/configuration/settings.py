"""The registry of settings: each with its name, what it may be, its default and what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from paasq_daemon.log import TEXT_LOG, LogFormat, LogLevel
from paasq_daemon.server.limits import DEFAULT_LIMITS
from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.workers.limits import MEMORY_BYTES_MAX
from paasq_dsl.diagnostics import similar_names
from paasq_dsl.time_zones import DEFAULT_ZONE, find_zone

Scalar: TypeAlias = bool | int | float | str | None

_MIB = 1 << 20
_DAY_S = 86_400.0
_KINDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """`name` is the one in the file, its section before the dot; `kind` what a value is; `default` None where there is none to
    name. Numbers are from `least` to `greatest`; where `zero` says what 0 means, 0 is allowed besides."""

    name: str
    kind: type
    default: Scalar
    doc: str
    least: float = 0
    greatest: float = float("inf")
    zero: str = ""
    choices: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return f"PAASQ_{self.name.replace('.', '_').upper()}"

    def parse(self, text: str, where: str) -> Scalar:
        """A value written as text. Raises InvalidValue, which says `where`."""
        try:
            if self.kind is bool:
                return self.check({"true": True, "false": False}.get(text.lower(), text), where)
            return self.check(self.kind(text) if self.kind in {int, float} else text, where)
        except ValueError:
            raise self._wrong(text, where) from None

    def check(self, value: Any, where: str) -> Scalar:
        """The value, if it may be one. Raises InvalidValue."""
        if self.kind is float and type(value) is int:
            value = float(value)
        if type(value) is not (str if self.kind is Path else self.kind):
            raise self._wrong(value, where)
        if self.choices and value not in self.choices:
            raise self._wrong(value, where)
        if self.name == "zone" and find_zone(value) is None:
            raise self._wrong(value, where)
        if isinstance(value, int | float) and not isinstance(value, bool):
            zero = self.zero and value == 0
            if not zero and not self.least <= value <= self.greatest:
                raise self._wrong(value, where)
        return value if isinstance(value, bool | int | float | str) else None

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        if self.choices:
            return " or ".join(self.choices)
        if self.name == "zone":
            return "a time zone, such as Europe/Berlin"
        if self.kind not in {int, float}:
            return _KINDS[self.kind]
        top = f" to {self.greatest:,.10g}" if self.greatest != float("inf") else " or more"
        zero = f"; 0: {self.zero}" if self.zero else ""
        return f"{_KINDS[self.kind]}, {self.least:,.10g}{top}{zero}"

    def _wrong(self, value: Any, where: str) -> InvalidValue:
        return InvalidValue(f"{where}: {self.name} cannot be {str(value)[:60]!r}", f"give {self.allowed}")


_LIMIT = DEFAULT_LIMITS
SETTINGS: tuple[Setting, ...] = (
    Setting("zone", str, DEFAULT_ZONE, "The time zone of commands that name none."),
    Setting("socket", Path, None, "The path of the daemon's socket; else paasq.sock in the data folder."),
    Setting("read_only", bool, False, "The daemon refuses whatever writes."),
    Setting("limits.connections_max", int, _LIMIT.connections_max, "Connections at one time.", 1, 10_000),
    Setting("limits.connections_reserved", int, _LIMIT.connections_reserved,
            "Connections beyond these that may ask `status`, `health`, `activity` and the like, for the owner.", 1, 100),
    Setting("limits.in_flight_max", int, _LIMIT.in_flight_max, "Requests of one connection at one time.", 1, 10_000),
    Setting("limits.watches_max", int, _LIMIT.watches_max, "Watches of one connection.", 1, 1_000),
    Setting("limits.frame_bytes_max", int, _LIMIT.frame_bytes_max, "Bytes of one message, either way.",
            4096, _LIMIT.frame_bytes_max),
    Setting("limits.frame_timeout_s", float, _LIMIT.frame_timeout_s, "Seconds from the first byte of a message to its last.",
            0.1, _DAY_S),
    Setting("limits.idle_timeout_s", float, _LIMIT.idle_timeout_s,
            "Seconds after which a connection without request or watch is closed.", 0.1, _DAY_S),
    Setting("limits.reserved_idle_timeout_s", float, _LIMIT.reserved_idle_timeout_s,
            "The same, of a connection beyond connections_max.", 0.1, _DAY_S),
    Setting("limits.write_timeout_s", float, _LIMIT.write_timeout_s, "Seconds that a client may take to read an answer.",
            0.1, _DAY_S),
    Setting("limits.grace_s", float, _LIMIT.grace_s, "Seconds that running requests may go on when the daemon stops.",
            0, _DAY_S),
    Setting("limits.cancel_grace_s", float, _LIMIT.cancel_grace_s, "Seconds after that for them to end, once cancelled.",
            0, _DAY_S),
    Setting("limits.query_time_ms", float, 0.0, "Milliseconds that a text has where its request names no time.",
            1, _DAY_S * 1000, "no limit"),
    Setting("limits.query_time_ms_max", float, 0.0, "Milliseconds that any text has, whatever its request names.",
            1, _DAY_S * 1000, "no limit"),
    Setting("workers.count", int, 0, "Processes that run texts.", 1, 256, "one a core"),
    Setting("workers.memory_bytes_max", int, MEMORY_BYTES_MAX, "Bytes of memory that one text may take.", 16 * _MIB),
    Setting("log.level", str, str(TEXT_LOG.level), "The least level that is logged.", choices=tuple(LogLevel)),
    Setting("log.format", str, str(TEXT_LOG.format), "A line an event, or a JSON object a line.", choices=tuple(LogFormat)),
    Setting("log.file", Path, None, "The file of the log; else standard error."),
    Setting("log.file_bytes_max", int, TEXT_LOG.file_bytes_max, "The size at which the file is renamed and a new one begun.",
            4096, zero="never"),
    Setting("log.files_kept", int, TEXT_LOG.files_kept, "How many renamed files are kept.", 1, 1_000),
    Setting("log.slow_ms", float, 1000.0, "Queries that take so many milliseconds are logged.", 1, _DAY_S * 1000, "none are"),
    Setting("metrics.port", int, 0, "The TCP port on 127.0.0.1 where Prometheus may read metrics.", 1024, 65535, "no port"),
)  # fmt: skip
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


def find_setting(name: str, where: str) -> Setting:
    """The setting of this name. Raises InvalidValue, which says `where`, with the nearest name."""
    if name in BY_NAME:
        return BY_NAME[name]
    near = similar_names(name, BY_NAME) or similar_names(f"limits.{name}", BY_NAME)
    hint = f"there is {', '.join(near)}" if near else "`paasq config` shows all settings"
    raise InvalidValue(f"{where}: there is no setting {name[:60]!r}", hint)


def written(value: Scalar) -> str:
    """The value as it is written in an assignment; `-` where there is none."""
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.10g}"
    return str(value)
