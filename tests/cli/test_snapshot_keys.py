"""Encrypted and signed snapshots on the command line: what a person types, and what is said to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.conftest import Paasq


@pytest.fixture
def filled(command: Paasq, tmp_path: Path) -> Paasq:
    """A store with one record; `key`, `sign` and `words` in the folder of the test."""
    schema = tmp_path / "schema.paasq"
    schema.write_text("collection task { key id: keyword }")
    assert command("run", schema).code == 0
    assert command("query", 'put task {id: "a"}').code == 0
    assert command("snapshot", "keygen", tmp_path / "key").code == 0
    made = command("snapshot", "keygen", tmp_path / "sign", "--signing", "--json").json
    assert made["fingerprint"].startswith("SHA256:")
    (tmp_path / "words").write_text("correct horse battery\n")
    return command


def test_made_listed_verified_and_restored(filled: Paasq, tmp_path: Path) -> None:
    where, key = ("--from", tmp_path / "disk"), ("--key-file", tmp_path / "key")
    must = ("--require-signature", tmp_path / "sign.pub")
    made = filled(
        "snapshot", "create", "monday", "--to", tmp_path / "disk", *key, "--sign", tmp_path / "sign", "--json"
    )
    assert made.json["signed_by"].startswith("SHA256:")
    assert filled("snapshot", "create", "tuesday", "--to", tmp_path / "disk", *key).code == 0
    assert [each["name"] for each in filled("snapshot", "list", *where, *key, "--json").json] == ["monday", "tuesday"]
    refused = filled("snapshot", "list", *where)
    assert (refused.code, "are encrypted" in refused.err, "--key-file" in refused.err) == (1, True, True)
    assert filled("snapshot", "verify", "monday", "--depth", "3", *where, *key, *must).code == 0
    unsigned = filled("snapshot", "verify", "tuesday", *where, *key, *must, "--json")
    assert (unsigned.code, "is not signed, and must be by SHA256:" in unsigned.json["findings"][0]) == (1, True)
    assert filled("snapshot", "restore", "tuesday", tmp_path / "no", *where, *key, *must).code == 1
    assert filled("snapshot", "restore", "monday", tmp_path / "new", *where, *key, *must).code == 0
    assert "a" in filled("query", "from task", "--data", tmp_path / "new").out
    assert filled("snapshot", "prune", "--keep", "1 last", "--all", *where, *key, "--json").json["deleted"] == [
        "monday"
    ]
    assert filled("snapshot", "delete", "tuesday", *where, *key).code == 0


def test_the_environment_names_the_key(filled: Paasq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAASQ_SNAPSHOT_PASSPHRASE_FILE", str(tmp_path / "words"))
    assert filled("snapshot", "create", "monday", "--to", tmp_path / "disk").code == 0
    assert filled("snapshot", "create", "here").code == 0
    assert filled("snapshot", "verify", "monday", "--from", tmp_path / "disk").code == 0
    monkeypatch.delenv("PAASQ_SNAPSHOT_PASSPHRASE_FILE")
    assert filled("snapshot", "verify", "monday", "--from", tmp_path / "disk").code == 1
    assert filled("snapshot", "verify", "here").code == 0
    monkeypatch.setenv("PAASQ_SNAPSHOT_PASSPHRASE_FILE", str(tmp_path / "words"))
    monkeypatch.setenv("PAASQ_SNAPSHOT_KEY_FILE", str(tmp_path / "key"))
    assert "are both given" in filled("snapshot", "verify", "monday", "--from", tmp_path / "disk").err


def test_a_schedule_keeps_paths_and_no_keys(filled: Paasq, folder: Path, tmp_path: Path) -> None:
    rule = ("snapshot", "schedule", "every 1h keep 1 daily", "--to", tmp_path / "disk")
    assert filled(*rule, "--key-file", tmp_path / "nothing").code == 1
    assert filled(*rule, "--sign", tmp_path / "words").code == 1
    assert filled("snapshot", "schedule", "--json").json["schedule"] is None
    shown = filled(*rule, "--key-file", tmp_path / "key", "--sign", tmp_path / "sign", "--json").json
    assert (shown["key"], shown["sign"]) == (str(tmp_path / "key"), str(tmp_path / "sign"))
    kept = json.loads((folder / "snapshots" / "schedule.json").read_text())
    assert kept == {
        "rule": "every 1h keep 1 daily",
        "to": str(tmp_path / "disk"),
        "key_file": str(tmp_path / "key"),
        "passphrase_file": None,
        "sign": str(tmp_path / "sign"),
    }
    assert filled("snapshot", "schedule", "--key-file", tmp_path / "key").code == 2


def test_the_key_is_changed(filled: Paasq, tmp_path: Path) -> None:
    where, key = ("--from", tmp_path / "disk"), ("--key-file", tmp_path / "key")
    assert filled("snapshot", "create", "monday", "--to", tmp_path / "disk", *key).code == 0
    assert filled("snapshot", "rekey", *where, *key).code == 2
    words = ("--new-passphrase-file", tmp_path / "words")
    assert filled("snapshot", "rekey", *where, *key, *words, "--json").json["keys"] == ["passphrase"]
    wrong = filled("snapshot", "list", *where, *key)
    assert (wrong.code, "does not open the snapshots in" in wrong.err) == (1, True)
    assert filled("snapshot", "list", *where, "--passphrase-file", tmp_path / "words").code == 0


def test_a_repair_asks_for_the_key_of_the_snapshots(
    filled: Paasq, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled("query", 'put task {id: "canary"}')
    assert filled("snapshot", "create", "monday", "--key-file", tmp_path / "key").code == 0
    content = (folder / "store" / "data.mdb").read_bytes()
    at = content.rfind(b"canary")
    damaged = content[:at] + b"c4nary" + content[at + 6 :]
    (folder / "store" / "data.mdb").write_bytes(damaged)
    refused = filled("doctor", "--repair")
    assert (refused.code, "PAASQ_SNAPSHOT_KEY_FILE" in refused.err) == (1, True)
    assert (folder / "store" / "data.mdb").read_bytes() == damaged
    monkeypatch.setenv("PAASQ_SNAPSHOT_KEY_FILE", str(tmp_path / "key"))
    assert filled("doctor", "--repair").code == 0
    assert "canary" in filled("query", "from task | sort id").out


def test_options_that_a_daemon_does_not_take_are_refused(filled: Paasq, tmp_path: Path) -> None:
    for option in ("--key-file", "--require-signature"):
        outcome = filled("snapshot", "verify", "monday", "--socket", tmp_path / "x.sock", option, tmp_path / "key")
        assert (outcome.code, "does not go with --socket" in " ".join(outcome.err.split())) == (2, True)
