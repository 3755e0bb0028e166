"""The log stays on its line and keeps data to itself."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasq_daemon.log import JsonFormatter, LineFormatter, LogFormat, LogLevel, LogSettings, log_event, start_log
from paasq_daemon.wire.json_rpc import RpcError
from server.conftest import Daemon


def test_control_characters_are_escaped(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "paasq_daemon"):
        log_event("refused", why="a\n2026 INFO forged \x1b[31m\u202e")
    line = LineFormatter().format(caplog.records[0])
    assert line.isprintable()
    assert r"forged \u001b" in line


def test_an_event_is_an_object_with_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "paasq_daemon"):
        log_event("slow_query", plan="6e5a", ms=1200, path=Path("/x\n"))
    line = JsonFormatter().format(caplog.records[0])
    written = json.loads(line)
    assert line.isprintable()
    assert written.pop("time").endswith("+00:00")
    assert written == {"level": "info", "event": "slow_query", "plan": "6e5a", "ms": 1200, "path": "/x\n"}


@pytest.mark.parametrize("formatter", [LineFormatter(), JsonFormatter()])
def test_the_words_of_an_unforeseen_error_are_left_out(
    formatter: logging.Formatter, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        raise KeyError("a secret of a record")  # noqa: TRY301  # what a library does
    except KeyError:
        logging.getLogger("some.library").exception("it failed\nhere")
    line = formatter.format(caplog.records[0])
    assert line.isprintable()
    assert "KeyError" in line
    assert "test_log.py" in line
    assert "secret" not in line


def test_a_crash_is_logged_without_its_data(daemon: Daemon, caplog: pytest.LogCaptureFixture) -> None:
    with daemon.client() as client, pytest.raises(RpcError):
        client.query("crash")
    assert "request_failed" in caplog.text
    assert "fake_instance.py" in caplog.text
    assert "secret" not in caplog.text


@pytest.fixture
def loggers() -> Iterator[None]:
    """What `start_log` changes is put back."""
    root = logging.getLogger()
    handlers, levels = list(root.handlers), {name: logging.getLogger(name).level for name in ("paasq_daemon",)}
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("loggers")
def test_a_file_is_rotated_and_the_others_follow(tmp_path: Path) -> None:
    file = tmp_path / "log" / "paasq.log"
    start_log(LogSettings(LogLevel.WARNING, LogFormat.JSON, file, file_bytes_max=4096, files_kept=2), rotates=True)
    start_log(LogSettings(LogLevel.WARNING, LogFormat.JSON, file), rotates=False)  # as a worker does
    log_event("quiet")
    for number in range(100):
        log_event("loud", logging.WARNING, number=number)
    files = sorted(file.parent.iterdir())
    assert [each.name for each in files] == ["paasq.log", "paasq.log.1", "paasq.log.2"]
    lines = [json.loads(line) for each in files for line in each.read_text().splitlines()]
    assert {line["event"] for line in lines} == {"loud"}
    last = [json.loads(line)["number"] for line in file.read_text().splitlines()]
    assert last.count(99) == 2, "both wrote into the file that is there now"
