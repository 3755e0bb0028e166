"""The settings in force: the command line's, else the environment's, else the data folder's, else the user's, else defaults."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from paasq_daemon.configuration.settings import SETTINGS, Scalar, find_setting
from paasq_daemon.log import LogFormat, LogLevel, LogSettings
from paasq_daemon.server.limits import Limits
from paasq_daemon.wire.default_paths import socket_path
from paasq_daemon.wire.errors import InvalidValue

FILE_NAME = "paasq.toml"  # in the data folder
COMMAND_LINE, DEFAULT = "command line", "default"


class SetValue(NamedTuple):
    """A value, and where it is from: a file, a variable of the environment, COMMAND_LINE or DEFAULT."""

    value: Scalar
    origin: str


@dataclass(frozen=True)
class Configuration:
    """The value of every setting, by name."""

    values: Mapping[str, SetValue]

    def of(self, name: str) -> Any:
        """The value of a setting, of the kind that its registration says; None where it has no default and was not set."""
        return self.values[name].value

    def limits(self) -> Limits:
        """Those of the daemon."""
        given = {field.name: self.of(f"limits.{field.name}") for field in fields(Limits)}
        for name in ("query_time_ms", "query_time_ms_max"):
            given[name] = given[name] or None
        return Limits(**given)

    def log(self) -> LogSettings:
        """That of the daemon."""
        return LogSettings(
            LogLevel(self.of("log.level")), LogFormat(self.of("log.format")), self._path("log.file"),
            self.of("log.file_bytes_max"), self.of("log.files_kept"),
        )  # fmt: skip

    def socket(self, folder: Path) -> Path:
        """Where the daemon of this data folder listens."""
        return (self._path("socket") or socket_path(folder)).absolute()

    def _path(self, name: str) -> Path | None:
        given = self.of(name)
        return None if given is None else Path(given).expanduser().absolute()


def user_file() -> Path:
    """$XDG_CONFIG_HOME/paasq/config.toml, else ~/.config/paasq/config.toml."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "paasq" / "config.toml"


def read_configuration(folder: Path, assignments: Sequence[str], options: Mapping[str, Scalar]) -> Configuration:
    """Of a data folder, `NAME=VALUE` assignments and options of the command line, by the settings' names; options that are None
    were not given. Raises InvalidValue where a name or value is none."""
    values = {setting.name: SetValue(setting.default, DEFAULT) for setting in SETTINGS}
    for path in (user_file(), folder / FILE_NAME):
        values |= dict(_of_file(path))
    for setting in SETTINGS:
        if text := os.environ.get(setting.variable):
            origin = f"${setting.variable}"
            values[setting.name] = SetValue(setting.parse(text, origin), origin)
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise InvalidValue(f"--set {assignment[:60]!r} names no value", "write it as NAME=VALUE")
        values[name] = SetValue(find_setting(name, "--set").parse(text, "--set"), COMMAND_LINE)
    for name, value in options.items():
        if value is not None:
            values[name] = SetValue(find_setting(name, COMMAND_LINE).check(value, COMMAND_LINE), COMMAND_LINE)
    return Configuration(values)


def _of_file(path: Path) -> Iterator[tuple[str, SetValue]]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise InvalidValue(f"{path} cannot be read: {error.strerror}", "mend its owner and mode") from error
    except ValueError as error:
        raise InvalidValue(f"{path} is no TOML: {error}", "mend that line") from error
    for name, value in _flat(content):
        yield name, SetValue(find_setting(name, str(path)).check(value, str(path)), str(path))


def _flat(content: Mapping[str, Any], section: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{section}{name}.")
        else:
            yield f"{section}{name}", value
