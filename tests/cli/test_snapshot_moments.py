"""`paasq snapshot archive` and `paasq snapshot restore --at`."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Paasq


@pytest.fixture
def filled(command: Paasq, tmp_path: Path) -> Paasq:
    script = tmp_path / "tasks.paasq"
    script.write_text("collection task { key id: keyword  title: text }")
    assert command("run", script).code == 0
    return command


def test_any_moment_is_restored(filled: Paasq, tmp_path: Path) -> None:
    assert filled("snapshot", "create", "monday").code == 0
    before = filled("status", "--json").json["seq"]
    for key in ("x1", "x2", "x3"):
        assert filled("query", f'put task {{id: "{key}", title: "t"}}').code == 0
    assert filled("snapshot", "archive", "--json").json["last"] == before + 3
    outcome = filled("snapshot", "restore", tmp_path / "new", "--at", before + 2)
    assert f"its archived journal, {before + 1} to {before + 2}" in outcome.out
    status = filled("status", "--data", tmp_path / "new", "--json").json
    assert (status["seq"], status["origin"]["snapshot"]) == (before + 2, "monday")
    when = filled("snapshot", "restore", "monday", tmp_path / "again", "--at", status["origin"]["time"], "--json").json
    assert (when["name"], when["origin"]["seq"]) == ("monday", before + 2)
    late = filled("snapshot", "restore", tmp_path / "third", "--at", "2999-01-01", "--zone", "Europe/Oslo")
    assert (late.code, "2998-12-31T23:00:00Z cannot be restored from" in late.err) == (1, True)
    assert filled("snapshot", "restore", tmp_path / "third").code == 2
    assert not (tmp_path / "third").exists()


def test_a_moment_of_encrypted_and_signed_snapshots(filled: Paasq, tmp_path: Path) -> None:
    vault, key, into = tmp_path / "vault", ("--key-file", tmp_path / "key"), tmp_path / "new"
    assert filled("snapshot", "keygen", tmp_path / "key").code == 0
    assert filled("snapshot", "keygen", tmp_path / "home", "--signing").code == 0
    assert filled("snapshot", "create", "monday", "--to", vault, *key, "--sign", tmp_path / "home").code == 0
    before = filled("status", "--json").json["seq"]
    assert filled("query", 'put task {id: "x1", title: "t"}').code == 0
    assert "are encrypted" in filled("snapshot", "archive", "--to", vault).err
    assert filled("snapshot", "archive", "--to", vault, *key, "--json").json["last"] == before + 1
    required = ("--require-signature", tmp_path / "home.pub")
    refused = filled("snapshot", "restore", into, "--at", before + 1, "--from", vault, *key, *required)
    assert (refused.code, "the archived journal is not signed" in refused.err) == (1, True)
    assert filled("snapshot", "restore", into, "--at", before + 1, "--from", vault, *key).code == 0
    assert filled("status", "--data", into, "--json").json["seq"] == before + 1
    assert filled("snapshot", "restore", tmp_path / "two", "--at", before, "--from", vault, *key, *required).code == 0
    assert filled("snapshot", "restore", into, "--at", "1", "--socket", tmp_path / "none", *key).code == 2
