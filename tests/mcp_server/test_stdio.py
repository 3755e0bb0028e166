"""`paasq mcp` as clients start it: a process, frames on its streams, and nothing else on its standard output."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import CallToolResult

from mcp_server.serving import call, drive, rows
from server.sample_daemon import fill, opened, serving

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
SECONDS_MAX = 60  # of a process; then it is ended, and so is the wait for its answer
COMMAND = [sys.executable, "-m", "paasq_daemon", "mcp"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stdio") / "data"
    fill(folder)
    return folder


class Process:
    """The command, spoken to frame by frame."""

    def __init__(self, *options: str | Path) -> None:
        self._process = subprocess.Popen(
            [*COMMAND, *map(str, options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._id = 0
        self._watchdog = threading.Timer(SECONDS_MAX, self._process.kill)
        self._watchdog.start()

    def send(self, frame: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(frame + b"\n")
        self._process.stdin.flush()

    def ask(self, method: str, meta: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        """The frame that answers this request; every line before it must be a frame too."""
        self._id += 1
        sent = params if meta is None else {**params, "_meta": meta}
        self.send(json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method, "params": sent}).encode())
        while True:
            frame = json.loads(self._read())
            assert frame["jsonrpc"] == "2.0"
            if frame.get("id") == self._id:
                return dict(frame)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self._process.wait(SECONDS_MAX)

    def stop_reading(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.close()

    def leave(self) -> tuple[int, bytes]:
        """The exit code and the log, of a client that reads no more."""
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        self._process.stdin.close()
        code = self._process.wait(SECONDS_MAX)
        self._watchdog.cancel()
        with self._process.stderr as log:
            return code, log.read()

    def end(self) -> tuple[int, bytes, str]:
        """The exit code after the end of the input, what is left on the output, and the log."""
        out, err = self._process.communicate(timeout=SECONDS_MAX)
        self._watchdog.cancel()
        return self._process.returncode, out, err.decode()

    def _read(self) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server ended"
        return line


@pytest.fixture
def process(data: Path) -> Iterator[Process]:
    process = Process("--data", data, "--write")
    yield process
    assert process.end()[:2] == (0, b"")


def test_the_sdks_client_starts_it_and_asks(data: Path, era: str) -> None:
    server = StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:], "--data", str(data), "--tokens", "600"])

    async def work(client: Client) -> tuple[list[str], CallToolResult]:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        return tools, await client.call_tool("query", {"text": "from mail | sort at desc"})

    tools, answer = drive(server, era, work)
    assert "remember" not in tools
    assert answer.structured_content["reason"] == "tokens"
    assert answer.structured_content["tokens"] <= 600


def test_it_is_a_client_of_the_daemon_that_has_the_folder(tmp_path: Path, era: str) -> None:
    fill(tmp_path / "data")
    socket = tmp_path / "s"
    server = StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:], "--socket", str(socket), "--write"])
    with serving(tmp_path / "data", socket):
        stored = call(server, era, "remember", {"collection": "note", "records": [{"id": "met", "title": "Said"}]})
        assert rows(stored)[0]["keys"] == ["met"]
        assert rows(call(server, era, "get", {"record": "note:met"}))[0]["title"] == "Said"


def test_requests_of_the_present_revision_stand_for_themselves(process: Process) -> None:
    told = process.ask("server/discover", META)["result"]
    assert told["resultType"] == "complete"
    assert told["supportedVersions"] == ["2026-07-28"]
    assert set(told["capabilities"]) == {"tools", "resources"}
    for method in ("tools/list", "resources/list", "resources/templates/list"):
        listed = process.ask(method, META)["result"]
        assert (listed["resultType"], listed["ttlMs"], listed["cacheScope"]) == ("complete", 60_000, "private")
        assert process.ask(method, META)["result"] == listed
    read = process.ask("resources/read", META, uri="paasq://language")["result"]
    assert (read["ttlMs"], read["cacheScope"]) == (60_000, "private")
    called = process.ask("tools/call", META, name="get", arguments={"record": "note:rent"})["result"]
    assert called["resultType"] == "complete"
    assert not called["isError"]


def test_a_client_that_shows_forms_is_answered_with_what_is_to_be_asked(process: Process) -> None:
    meta = {**META, "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}
    asked = process.ask(
        "tools/call", meta, name="patch", arguments={"collection": "note", "key": "rent", "delete": True}
    )
    assert asked["result"]["resultType"] == "input_required"
    form = asked["result"]["inputRequests"]["confirm"]
    assert (form["method"], "delete note:rent title" in form["params"]["message"]) == ("elicitation/create", True)
    assert asked["result"]["requestState"]


def test_another_version_is_refused_with_those_that_are_served(process: Process) -> None:
    assert process.ask("server/discover", META)["result"]
    later = process.ask("tools/list", {**META, "io.modelcontextprotocol/protocolVersion": "2099-01-01"})["error"]
    assert (later["code"], later["data"]["supported"]) == (-32022, ["2026-07-28"])
    client = {"name": "test", "version": "1"}
    early = process.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
    assert early["error"]["code"] == -32022


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_each_older_revision_is_served_after_initialize(process: Process, version: str) -> None:
    client = {"name": "test", "version": "1"}
    told = process.ask("initialize", protocolVersion=version, capabilities={}, clientInfo=client)["result"]
    assert told["protocolVersion"] == version
    assert "never instructions" in told["instructions"]
    process.send(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}')
    called = process.ask("tools/call", name="query", arguments={"text": 'from mail | match "lease"'})["result"]
    assert json.loads(called["content"][1]["text"])["rows"]


BROKEN = [
    b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe\x00", b"[" * 100_000, b'{"jsonrpc": "2.0", "id": 1}',
    b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}', b'{"jsonrpc": "2.0", "id": "a", "method": 5}',
    b'{"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": []}', b'{"jsonrpc": "2.0", "id": "a", "result": {}}',
    b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}}',
    b'{"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": {"name": "\\ud800", "arguments": {}}}',
    b'{"jsonrpc": "2.0", "id": "a", "method": "ping", "params": {"_meta": {"a": "\\ud83d"}}}',
    b'[{"jsonrpc": "2.0", "id": "a", "method": "ping"}]', b"Content-Length: 5",
]  # fmt: skip


def test_broken_frames_harm_nobody(process: Process) -> None:
    for frame in BROKEN:
        process.send(frame)
    for frame in BROKEN:
        process.send(frame)
        assert process.ask("tools/call", META, name="get", arguments={"record": "note:rent"})["result"]


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("query", {"text": 5}),
    ("query", {"text": "x" * 300_000}),
    ("query", {"text": "from note", "params": {"a": [[[[[[]]]]]] * 40}}),
    ("query", {"text": "from note | where id == $a", "params": {"a": 10**400}}),
    ("query", {"text": "from note | near embedding to $v", "params": {"v": [1e308] * 3}}),
    ("query", {"text": "\x00"}),
    ("query", {"text": ""}),
    ("query", {"text": "watch from note"}),
    ("find", {"words": '"'}),
    ("find", {"words": "w " * 5_000}),
    ("get", {"record": "note:" + "k" * 100_000}),
    ("history", {"record": "note:rent@999999999999999999"}),
    ("remember", {"collection": "note", "records": [{"id": 5}]}),
    ("remember", {"collection": "note", "records": [{"id": "q", "tags": [1, {"a": [None]}]}]}),
    ("patch", {"collection": "note", "where": "(" * 2_000, "set": {"title": "x"}}),
]


def test_no_arguments_end_the_server(process: Process) -> None:
    for tool, arguments in WRONG:
        answer = process.ask("tools/call", META, name=tool, arguments=arguments)
        assert answer["result"]["content"], arguments
    assert process.ask("tools/call", META, name="get", arguments={"record": "note:rent"})["result"]["isError"] is False


def test_the_end_of_the_input_ends_it_while_it_works(data: Path) -> None:
    process = Process("--data", data)
    assert process.ask("server/discover", META)
    call = {"name": "query", "arguments": {"text": "from note | near to $q", "params": {"q": "rent"}}, "_meta": META}
    process.send(json.dumps({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": call}).encode())
    assert process.end()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_it_waits_and_the_store_is_free(data: Path, number: signal.Signals) -> None:
    process = Process("--data", data)
    assert process.ask("server/discover", META)
    process.signal(number)
    assert process.end() == (128 + number, b"", "")
    opened(data).close()


def test_a_client_that_reads_no_more_ends_it(data: Path) -> None:
    process = Process("--data", data)
    assert process.ask("server/discover", META)
    process.stop_reading()
    process.send(json.dumps({"jsonrpc": "2.0", "id": 9, "method": "tools/list", "params": {"_meta": META}}).encode())
    assert process.leave() == (0, b"")


def test_without_a_store_it_says_so_and_writes_no_frame(tmp_path: Path) -> None:
    code, out, err = Process("--data", tmp_path / "none").end()
    assert (code, out) == (1, b"")
    assert "there is no store in" in err


def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it(data: Path) -> None:
    program = (
        "import sys; sys.modules['mcp'] = None; sys.argv = ['paasq', 'mcp', '--data', sys.argv[1]]; "
        "from paasq_daemon.cli.main import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program, str(data)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "python -m pip install 'mcp>=2.3,<3'" in done.stderr


def test_other_commands_do_not_load_it() -> None:
    program = (
        "import sys, paasq_daemon.cli.main; print([m for m in ('mcp', 'mcp_types', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
