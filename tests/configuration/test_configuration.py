"""Which of several places a setting is from, and what is no setting."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from paasq_daemon.configuration.configuration import Configuration, read_configuration
from paasq_daemon.configuration.settings import BY_NAME, SETTINGS
from paasq_daemon.log import LogFormat, LogSettings
from paasq_daemon.server.limits import DEFAULT_LIMITS, Limits
from paasq_daemon.wire.errors import InvalidValue


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder; the user's own file is `config/paasq/config.toml` beside it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "paasq").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def read(folder: Path, *assignments: str, **options: str) -> Configuration:
    return read_configuration(folder, assignments, options)


def test_without_any_file_all_is_as_the_daemon_has_it(folder: Path) -> None:
    configuration = read(folder)
    assert configuration.limits() == DEFAULT_LIMITS
    assert configuration.log() == LogSettings()
    assert configuration.socket(folder) == folder / "paasq.sock"
    assert {each.origin for each in configuration.values.values()} == {"default"}


def test_each_place_is_over_the_one_before_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user, own = folder.parent / "config/paasq/config.toml", folder / "paasq.toml"
    name = "limits.watches_max"
    write(user, 'zone = "Europe/Berlin"\n[limits]\nwatches_max = 2')
    assert read(folder).values[name] == (2, str(user))
    write(own, "[limits]\nwatches_max = 3")
    assert read(folder).values[name] == (3, str(own))
    assert read(folder).values["zone"] == ("Europe/Berlin", str(user)), (
        "what the folder's file leaves out is the user's"
    )
    monkeypatch.setenv("PAASQ_LIMITS_WATCHES_MAX", "4")
    assert read(folder).values[name] == (4, "$PAASQ_LIMITS_WATCHES_MAX")
    assert read(folder, f"{name}=5").values[name] == (5, "command line")


def test_an_option_is_over_an_assignment(folder: Path) -> None:
    configuration = read(folder, "log.format=text", **{"log.format": "json"})
    assert configuration.log().format is LogFormat.JSON


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[limits]\nwatch_max = 3",
            "paasq.toml: there is no setting 'limits.watch_max'\n  there is limits.watches_max",
        ),
        ("watches_max = 3", "there is no setting 'watches_max'\n  there is limits.watches_max"),
        ("[limits]\nwatches_max = 0", "limits.watches_max cannot be '0'\n  give a whole number, 1 to 1,000"),
        ("[limits]\nwatches_max = 2.5", "cannot be '2.5'"),
        ('[limits]\nwatches_max = "3"', "cannot be '3'"),
        ("[limits]\nwatches_max = true", "cannot be 'True'"),
        ("read_only = 1", "read_only cannot be '1'\n  give true or false"),
        ('[log]\nformat = "xml"', "log.format cannot be 'xml'\n  give text or json"),
        ('zone = "Mars/Olympus"', "zone cannot be 'Mars/Olympus'\n  give a time zone"),
        ("[log]\nfile = 7", "log.file cannot be '7'\n  give a path"),
        ("[metrics]\nport = 80", "metrics.port cannot be '80'\n  give a whole number, 1,024 to 65,535; 0: no port"),
        ("[limits", "is no TOML"),
    ],
)
def test_what_is_no_setting_is_an_error_with_its_mend(folder: Path, text: str, words: str) -> None:
    write(folder / "paasq.toml", text)
    with pytest.raises(InvalidValue) as wrong:
        read(folder)
    assert words in str(wrong.value)


@pytest.mark.parametrize("assignment", ["limits.watches_max", "limits.watches_max=many", "limits.grace=1"])
def test_wrong_assignments_are_errors(folder: Path, assignment: str) -> None:
    with pytest.raises(InvalidValue, match="--set"):
        read(folder, assignment)


def test_a_wrong_variable_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAASQ_READ_ONLY", "perhaps")
    with pytest.raises(InvalidValue, match="PAASQ_READ_ONLY: read_only cannot be 'perhaps'"):
        read(folder)


def test_every_limit_is_a_setting_and_arrives(folder: Path) -> None:
    for field in fields(Limits):
        setting = BY_NAME[f"limits.{field.name}"]
        number = 0.75 if setting.kind is float and setting.least < 1 else int(setting.least) + 1
        assert getattr(read(folder, f"{setting.name}={number}").limits(), field.name) == number


def test_every_default_may_be_given() -> None:
    for setting in SETTINGS:
        if setting.default is not None:
            assert setting.check(setting.default, "here") == setting.default
