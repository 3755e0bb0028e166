"""The schedule of snapshots on the command line: of a store that is made of another one, and of places that are encrypted."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Outcome, Paasq
from paasq_daemon.snapshot import encryption_header
from paasq_dsl.values import format_time, parse_time

RULE = "every 1h keep 24 hourly 7 daily"


@pytest.fixture
def filled(command: Paasq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paasq:
    """A store with a snapshot of its own, and one in `disk`, encrypted by `key`; `other` and `words` are other keys."""
    monkeypatch.setattr(encryption_header, "_SCRYPT", {"n": 16, "r": 8, "p": 1})
    (tmp_path / "schema.paasq").write_text("collection task { key id: keyword }")
    assert command("run", tmp_path / "schema.paasq").code == 0
    assert command("query", 'put task {id: "a"}').code == 0
    for name in ("key", "other"):
        assert command("snapshot", "keygen", tmp_path / name).code == 0
    (tmp_path / "words").write_text("correct horse battery\n")
    assert command("snapshot", "create", "monday").code == 0
    assert command("snapshot", "create", "monday", "--to", tmp_path / "disk", "--key-file", tmp_path / "key").code == 0
    return command


def _proposed(said: Outcome) -> list[str]:
    return shlex.split(next(line for line in said.err.splitlines() if "paasq snapshot schedule" in line))[1:]


def test_what_is_restored_or_loaded_says_that_it_has_no_schedule(filled: Paasq, tmp_path: Path) -> None:
    """Whatever the store had that it was made of: two stores that prune in one place would take each other's snapshots."""
    assert filled("snapshot", "schedule", RULE, "--to", tmp_path / "own").code == 0
    filled("dump", tmp_path / "a.zip")
    made = [
        (tmp_path / "by name", filled("snapshot", "restore", "monday", tmp_path / "by name")),
        (tmp_path / "moment", filled("snapshot", "restore", tmp_path / "moment", "--at", "1", "--json")),
        (tmp_path / "loaded", filled("load", tmp_path / "a.zip", "--data", tmp_path / "loaded")),
    ]
    for folder, said in made:
        assert said.code == 0
        assert f"no snapshots are taken of {folder} yet" in said.err
        assert filled("snapshot", "schedule", "--json", "--data", folder).json["schedule"] is None
        assert filled(*_proposed(said)).code == 0
        assert filled("snapshot", "schedule", "--json", "--data", folder).json["schedule"] is not None


@pytest.mark.parametrize(
    ("place", "key", "words"),
    [
        ("disk", ("--key-file", "other"), "does not open the snapshots in"),
        ("disk", ("--passphrase-file", "words"), "does not open the snapshots in"),
        ("disk", (), "are encrypted"),
        (None, ("--key-file", "key"), "are not encrypted, and encrypted ones cannot be added"),
        ("new", ("--passphrase-file", "short"), "is too short"),
    ],
)
def test_a_key_that_does_not_fit_the_place_is_refused(
    filled: Paasq, tmp_path: Path, place: str | None, key: tuple[str, ...], words: str
) -> None:
    (tmp_path / "short").write_text("horse\n")
    given = [key[0], tmp_path / key[1]] if key else []
    to = [] if place is None else ["--to", tmp_path / place]
    refused = filled("snapshot", "schedule", RULE, *to, *given)
    assert (refused.code, words in refused.err) == (1, True)
    assert filled("snapshot", "schedule", "--json").json["schedule"] is None


def test_a_schedule_follows_the_key_of_its_place(filled: Paasq, tmp_path: Path) -> None:
    where, key, other = ("--from", tmp_path / "disk"), tmp_path / "key", tmp_path / "other"
    assert filled("snapshot", "schedule", RULE, "--to", tmp_path / "disk", "--key-file", key).code == 0

    def rekey(old: Path, *options: Any) -> Any:
        said = filled("snapshot", "rekey", *where, "--key-file", old, *options, "--json")
        assert said.code == 0
        return said.json, filled("snapshot", "schedule", "--json").json["key"]

    both, kept = rekey(key, "--new-passphrase-file", tmp_path / "words", "--keep")
    assert (both["keys"], kept, "schedule" in both) == (["key file", "passphrase"], str(key), False)
    one, followed = rekey(key, "--new-key-file", other)
    assert (one["schedule"], followed) == (f"now has {other}", str(other))


def test_a_schedule_elsewhere_keeps_its_key(filled: Paasq, tmp_path: Path) -> None:
    where, key = ("--from", tmp_path / "disk"), ("--key-file", tmp_path / "key")
    assert filled("snapshot", "schedule", RULE, "--to", tmp_path / "new", *key).code == 0
    said = filled("snapshot", "rekey", *where, *key, "--new-key-file", tmp_path / "other", "--json")
    assert (said.code, "schedule" in said.json) == (0, False)
    assert filled("snapshot", "schedule", "--json").json["key"] == str(tmp_path / "key")


def test_all_times_are_written_alike(filled: Paasq, tmp_path: Path) -> None:
    said = filled("snapshot", "restore", "monday", tmp_path / "new", "--json").json
    listed = filled("snapshot", "list", "--json").json
    origin = filled("status", "--json", "--data", tmp_path / "new").json["origin"]
    assert origin == said["origin"]
    for time in (said["created"], origin["time"], origin["restored"], listed[0]["created"]):
        assert time == format_time(parse_time(time))
