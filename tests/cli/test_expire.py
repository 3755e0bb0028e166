"""paasq expire: what a daemon deletes by itself, without one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cli.conftest import Paasq

SCHEMA = "collection reading { key id: keyword  at: time } keep 90d by at"


@pytest.fixture
def command(command: Paasq, tmp_path: Path) -> Paasq:
    """Of a store with two readings, one of which is past its time."""
    script = tmp_path / "readings.paasq"
    script.write_text(SCHEMA)
    assert command("run", script).code == 0
    put = 'put reading [{id: "a", at: @2020-01-01}, {id: "b"}]'
    assert command("query", put).code == 0
    return command


def test_first_it_says_and_then_it_deletes(command: Paasq) -> None:
    said = command("expire", "--dry-run", "--json").json
    assert said["dry_run"]
    assert said["clock_ahead"] is None
    assert said["collections"] == [
        {"collection": "reading", "keep": "90d by at", "due": 1, "history": "90d", "past_versions": 0}
    ]
    assert "a" in command("query", "from reading | select id").out
    would, did = command("expire", "--dry-run").out.splitlines(), command("expire").out.splitlines()
    assert would[0].split(" ┃ ") == ["collection", "keep     ", "would_delete", "history", "would_trim"]
    assert did[0].split(" ┃ ") == ["collection", "keep     ", "deleted", "history", "trimmed"]
    assert would[2].split() == did[2].split() == "reading │ 90d by at │ 1 │ 90d │ 0".split()
    assert command("query", "--format", "csv", "from reading | select id").out.split() == ["id", "b"]


def test_not_by_a_clock_that_is_far_ahead(command: Paasq, monkeypatch: pytest.MonkeyPatch) -> None:
    command("query", 'put reading {id: "now", at: @now}')
    year_ns = 365 * 86_400_000_000_000
    now_ns = time.time_ns()
    monkeypatch.setattr("time.time_ns", lambda: now_ns + year_ns)
    refused = command("expire")
    assert refused.code == 1
    assert "365d" in refused.err
    assert "--trust-clock" in refused.err
    assert command("expire", "--trust-clock", "--json").json["collections"][0]["due"] == 2
