"""`paasq serve --read-only`: nothing that lasts changes, from its start to its end."""

from __future__ import annotations

import hashlib

import pytest

from daemon.notes import fill
from daemon.process import Daemon
from paasq_daemon.wire.errors import ReadOnly


def test_a_daemon_that_only_reads_changes_nothing(daemon: Daemon) -> None:
    with daemon.client() as client:
        fill(client)
    daemon.stop()
    before = digest(daemon)
    daemon.start("--read-only")
    with daemon.client() as client:
        assert client.query('from note | find "night train" | take 2').rows
        assert client.get("note", "n1")
        assert client.query("dryrun delete note:n1").rows
        with pytest.raises(ReadOnly, match="put writes, and this daemon only reads"):
            client.put("note", {"id": "new"})
        with pytest.raises(ReadOnly, match="delete writes, and this request may only read"):
            client.query("delete note:n1")
    assert daemon.stop() == 0
    assert digest(daemon) == before


def digest(daemon: Daemon) -> str:
    return hashlib.sha256((daemon.folder / "store" / "data.mdb").read_bytes()).hexdigest()
