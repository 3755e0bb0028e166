"""The daemon as its owner meets it: start, look, stop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import paasq
from cli.test_processes import PAASQ, run
from daemon.process import Daemon

STOP_S_MAX = 2.0
SECRET = "a secret word"


@pytest.fixture
def store(folder: Path) -> Path:
    """A store with a collection and no daemon."""
    with paasq.open(folder) as db:
        db.query("collection task { key id: keyword  title: text }")
    return folder


@pytest.fixture
def daemon(store: Path) -> Iterator[Daemon]:
    daemon = Daemon(store)
    daemon.start("--set", "log.slow_ms=1", "--log-format", "json")
    yield daemon
    daemon.end()


def test_wait_ready_starts_one_in_the_background_and_stop_ends_it(store: Path) -> None:
    started = run("serve", "--wait-ready")
    try:
        assert started.returncode == 0, started.stderr
        assert run("call", "ping").stdout == "{}\n", "it answers as soon as the command has returned"
        assert "already" in run("serve", "--wait-ready").stdout
        assert (store / "paasq.log").stat().st_mode & 0o777 == 0o600
    finally:
        stopped = run("stop")
    assert stopped.returncode == 0, stopped.stderr
    assert stopped.stdout.split()[:2] == ["stopped", "process"]
    assert not (store / "paasq.sock").exists()
    again = run("stop")
    assert (again.returncode, again.stdout) == (0, f"no daemon runs on {store}\n")


def test_wait_ready_says_why_none_starts(store: Path) -> None:
    (store / "format").write_text('{"store_format": 99}')
    failed = run("serve", "--wait-ready")
    assert failed.returncode == 1
    assert "error[PQ8003]" in failed.stderr


def test_two_that_start_at_once_are_one(store: Path) -> None:
    both = [
        subprocess.Popen([*PAASQ, "serve", "--wait-ready"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [each.communicate(timeout=60) for each in both]
    assert run("stop").returncode == 0
    assert [each.returncode for each in both] == [0, 0], said
    assert store.exists()


def test_stop_does_not_end_what_is_no_daemon(store: Path) -> None:
    with _holding(store) as holder:
        refused = run("stop")
        assert refused.returncode == 1
        assert f"process {holder.pid}, which is no daemon" in refused.stderr
        assert holder.poll() is None


@contextmanager
def _holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that has the store open."""
    code = "import paasq, sys; db = paasq.open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()


def test_a_daemon_with_work_of_every_kind_stops_within_two_seconds(daemon: Daemon) -> None:
    with daemon.client() as client:
        client.put("task", [{"id": str(n), "title": "word " * 200} for n in range(2000)])
    heavy = "from task | extend a = repeat(title, 50) | extend b = levenshtein(a, reverse(a)) | summarize n = sum(b)"
    with ExitStack() as stack:
        asked = []
        for method, params in [("query", {"text": heavy})] * 6 + [("dump", {"into": str(daemon.folder) + ".zip"})]:
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(str(daemon.socket))
            message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            connection.sendall(json.dumps(message).encode() + b"\n")
            asked.append(connection)
        with daemon.client() as client:
            while len(client.call("activity", {})["running"]) < 6:
                time.sleep(0.01)
        began_s = time.monotonic()
        daemon.stop()
        took_s = time.monotonic() - began_s
        answers = [connection.makefile().readline() for connection in asked]
    assert took_s < STOP_S_MAX * _slowness(), f"{took_s:.2f} s"
    assert "Traceback" not in daemon.log
    assert [line for line in daemon.log.splitlines() if json.loads(line)["level"] == "error"] == []
    assert all("PQ" in answer or "result" in answer for answer in answers), "nobody is left without an answer"


def _slowness() -> float:
    """How many times slower this machine is at the moment than one at rest, by its load."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_a_daemon_that_hangs_is_told_within_three_seconds(daemon: Daemon) -> None:
    os.kill(daemon.pid, signal.SIGSTOP)
    began_s = time.monotonic()
    try:
        asked = run("status")
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
    assert asked.returncode == 1
    assert "has not answered for 2.5 s" in asked.stderr
    assert time.monotonic() - began_s < 3.0 * _slowness()
    assert run("call", "ping").returncode == 0, "the daemon itself took no harm"


@pytest.mark.parametrize("command", [["top"], ["metrics"], ["call", "ping"]])
@pytest.mark.usefixtures("store")
def test_what_only_a_daemon_can_tell_says_so_without_one(command: list[str]) -> None:
    asked = run(*command)
    assert asked.returncode == 1
    assert "no daemon runs on" in asked.stderr
    assert "paasq serve --wait-ready" in asked.stderr


def test_a_daemon_at_another_socket_is_found_by_its_store(store: Path) -> None:
    other = store.with_name("other.sock")
    daemon = Daemon(store, other)
    daemon.start("--socket", str(other))
    try:
        assert json.loads(run("status", "--json").stdout)["daemon"]["socket"] == str(other)
    finally:
        daemon.end()


def test_status_tells_who_serves_and_what_runs(daemon: Daemon) -> None:
    told = json.loads(run("status", "--json").stdout)
    assert told["daemon"]["pid"] == daemon.pid
    assert told["daemon"]["socket"] == str(daemon.socket)
    assert len(told["daemon"]["workers"]) == (os.cpu_count() or 1) + 1, "one is kept for short requests"
    assert told["daemon"]["waiting"] == 0
    assert {"data", "index", "snapshots", "other"} <= told["disk"].keys()
    assert told["snapshots"]["count"] == 0
    assert all(job["running"] for job in told["jobs"].values())
    assert run("snapshot", "create", "monday").returncode == 0
    after = json.loads(run("status", "--json").stdout)["snapshots"]
    assert after["count"] == 1
    assert after["age_s"] < 60


def test_top_and_log_know_a_query_by_its_plan_and_never_its_text(daemon: Daemon) -> None:
    with daemon.client() as client:
        client.put("task", [{"id": str(n), "title": "word " * 200} for n in range(2000)])
        slow = f'from task | where title != "{SECRET}" | extend b = levenshtein(title, reverse(title)) | summarize n = sum(b)'
        asking = subprocess.Popen([*PAASQ, "query", slow, "--time-ms", "60000"], stdout=subprocess.DEVNULL)
        plan = None
        while plan is None and asking.poll() is None:
            seen = client.call("activity", {})
            plan = next((each["plan"] for each in seen["running"] if each["method"] == "query"), None)
        assert plan is not None, "it was seen at work"
        assert plan in [each["plan"] for each in seen["workers"]]
        shown = run("top", "--once")
        assert shown.returncode == 0, shown.stderr
        assert str(seen["workers"][0]["pid"]) in shown.stdout
        assert asking.wait(120) == 0
    logged = [json.loads(line) for line in daemon.log.splitlines()]
    assert (plan, 1, "ok") in [
        (line["plan"], line["rows"], line["outcome"]) for line in logged if line["event"] == "slow_query"
    ]
    for told in (shown.stdout, json.dumps(seen), daemon.log):
        assert SECRET not in told
        assert "levenshtein" not in told


@pytest.mark.usefixtures("daemon")
def test_metrics_are_those_of_the_requests() -> None:
    assert run("query", "from task").returncode == 0
    assert run("query", "from tsk").returncode == 1
    told = run("metrics").stdout.splitlines()
    assert 'paasq_requests_total{method="query",outcome="ok"} 1.0' in told
    assert 'paasq_requests_total{method="query",outcome="PQ0001"} 1.0' in told
    assert 'paasq_request_seconds_count{method="query"} 2.0' in told
    assert 'paasq_records{collection="task"} 0.0' in told
    named = {line.partition("{")[0].partition(" ")[0] for line in told if not line.startswith("#")}
    assert {
        "paasq_workers", "paasq_worker_restarts_total", "paasq_queue_length", "paasq_disk_bytes", "paasq_sequence_number",
        "paasq_pending_vectors", "paasq_healthy", "paasq_connections",
    } <= named  # fmt: skip


def test_the_port_of_metrics_is_asked_for_and_answers_this_machine_alone(store: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    daemon = Daemon(store)
    daemon.start("--set", f"metrics.port={port}")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert b"paasq_healthy 1.0" in answer.read()
        rebound = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(rebound, timeout=30)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30)
    finally:
        daemon.end()


def test_the_zone_of_the_configuration_is_that_of_commands(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["query", "from task | summarize n = count() | extend t = @2026-07-01", "--format", "json"]
    (store / "paasq.toml").write_text('zone = "Asia/Tokyo"\n')
    tokyo = json.loads(run(*asked).stdout)
    assert tokyo["zone"] == "Asia/Tokyo"
    monkeypatch.setenv("PAASQ_ZONE", "UTC")
    assert json.loads(run(*asked).stdout)["rows"] != tokyo["rows"]
    assert json.loads(run(*asked, "--zone", "Asia/Tokyo").stdout)["rows"] == tokyo["rows"]


def test_config_tells_where_each_value_is_from(store: Path) -> None:
    (store / "paasq.toml").write_text("[limits]\nwatches_max = 3\n")
    told = json.loads(run("config", "--json", "--set", "log.level=debug").stdout)
    assert told["limits.watches_max"] == {"value": 3, "origin": str(store / "paasq.toml")}
    assert told["log.level"] == {"value": "debug", "origin": "command line"}
    assert told["zone"]["origin"] == "default"
    assert "PAASQ_LIMITS_WATCHES_MAX" in run("config", "limits.watches_max").stdout
    (store / "paasq.toml").write_text("[limits]\nwatch_max = 3\n")
    refused = run("serve")
    assert refused.returncode == 1
    assert "there is limits.watches_max" in refused.stderr


def test_the_units_are_what_systemd_takes(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert run("service", "install").returncode == 0
    units = tmp_path / "systemd" / "user"
    assert f"ListenStream={store}/paasq.sock" in (units / "paasq.socket").read_text()
    if verify := shutil.which("systemd-analyze"):
        checked = subprocess.run(
            [verify, "--user", "verify", units / "paasq.socket", units / "paasq.service"],
            capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        )  # fmt: skip
        assert str(units) not in checked.stderr, checked.stderr
    assert run("service", "uninstall").returncode == 0
    assert list(units.iterdir()) == []
    assert run("service", "uninstall").returncode == 1
