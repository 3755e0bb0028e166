"""The log stays on its line and keeps data to itself."""

from __future__ import annotations

import logging

import pytest

from paasq_daemon.log import LineFormatter, log_event
from paasq_daemon.wire.json_rpc import RpcError
from server.conftest import Daemon


def test_control_characters_are_escaped(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "paasq_daemon"):
        log_event("refused", why="a\n2026 INFO forged \x1b[31m\u202e")
    line = LineFormatter().format(caplog.records[0])
    assert line.isprintable()
    assert r"forged \u001b" in line


def test_a_crash_is_logged_without_its_data(daemon: Daemon, caplog: pytest.LogCaptureFixture) -> None:
    with daemon.client() as client, pytest.raises(RpcError):
        client.query("crash")
    assert "request_failed" in caplog.text
    assert "fake_instance.py" in caplog.text
    assert "secret" not in caplog.text
