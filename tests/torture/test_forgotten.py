"""What is forgotten leaves no trace in any file, and nothing tells of it; what is only deleted does, so this can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

import paasq
from daemon.process import Daemon
from torture.door_traces import DOORS
from torture.forgotten import DELETE, KNOWN_WAYS, left_after, planted
from torture.traces import traces

OF_THE_PAST = {
    "as of any moment",
    "page cursor",
    "resolve",
    "watch cursor",
    "watch after a sequence number",
    "dump with history",
}
FILES = {"file store/data.mdb", "file index", "file snapshots", "text index"}


def places(found: list[str]) -> set[str]:
    """The doors, and the kinds of files."""
    return {next((kind for kind in FILES if trace.startswith(kind)), trace.partition(":")[0]) for trace in found}


def test_each_door_and_each_kind_of_file_tells_of_what_lives(daemon: Daemon, tmp_path: Path) -> None:
    canary = planted(daemon)
    with daemon.client() as db:
        found = places(traces(canary, daemon.folder, db))
    with paasq.open(tmp_path / "other") as other:
        assert traces(canary, tmp_path / "other", other) == [], "it was never there"
    changes = {"watch cursor", "watch after a sequence number"}  # of which there was none
    assert found == (DOORS.keys() - changes) | FILES


@pytest.mark.parametrize("text", KNOWN_WAYS)
def test_a_statement_that_takes_it_away(daemon: Daemon, text: str) -> None:
    canary = planted(daemon)
    with daemon.client() as db:
        db.query(text)
    left = left_after(daemon, canary)
    if text == DELETE:
        assert places(left) >= OF_THE_PAST | {"file store/data.mdb"}
        assert not places(left) & {
            "get",
            "query",
            "match",
            "find and snippet",
            "near a vector",
            "values",
            "facet",
            "describe",
        }
    else:
        assert left == []
