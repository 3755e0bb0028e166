"""The language server as an editor meets it: in a process of its own, over standard input and output."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from daemon import process
from editor.library import CATALOG, LIVE, SAMPLES, Editor
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import DaemonUnavailable
from paasq_daemon.wire.request import Request
from paasq_editor import daemon_client as daemons
from paasq_editor.daemon_client import DaemonClient

SCHEMA = (SAMPLES / "assistant" / "schema.paasq").read_text("utf-8")


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    (tmp_path / "schema.paasq").write_text(SCHEMA, "utf-8")
    with Editor(tmp_path) as editor:
        yield editor


def _uri(tmp_path: Path) -> str:
    return (tmp_path / "day.paasq").as_uri()


def test_whole_session(editor: Editor, tmp_path: Path) -> None:
    uri = _uri(tmp_path)
    assert editor.capabilities["capabilities"]["positionEncoding"] == "utf-16"
    assert editor.open(uri, "from task | where not done;\nfrom tusk | take 3;\n") != []
    editor.change(uri, "from task | where not done | take 3;\n")
    assert editor.diagnostics() == []

    labels = [i["label"] for i in editor.ask("textDocument/completion", editor.at(uri, 0, 18))["items"]]
    assert "done" in labels
    hover = editor.ask("textDocument/hover", editor.at(uri, 0, 24))
    assert "field of `task`" in hover["contents"]["value"]
    lenses = editor.ask("textDocument/codeLens", {"textDocument": {"uri": uri}})
    assert lenses[0]["command"] == {
        "title": "Run", "command": "paasq.run",
        "arguments": ["from task | where not done | take 3", uri, "1:1", []],
    }  # fmt: skip


def test_run_brings_what_a_statement_stands_on(editor: Editor, tmp_path: Path) -> None:
    """Definitions, the zone among them, and the parameters that have no value yet."""
    uri = _uri(tmp_path)
    text = 'zone "Europe/Berlin";\nparam $who: keyword;\nparam $n: int = 3;\nlet one = from task | where id == $who;\n'
    text += "from one | take $n"
    assert editor.open(uri, f"{text};\nfrom task | take $n;\n") == []
    lens, other = editor.ask("textDocument/codeLens", {"textDocument": {"uri": uri}})
    assert lens["command"]["arguments"] == [text, uri, "5:1", ["who"]]
    assert other["command"]["arguments"][3] == []  # it does not go through what asks for one


def test_outline(editor: Editor, tmp_path: Path) -> None:
    uri = _uri(tmp_path)
    editor.open(
        uri, "param $n: int;\ncollection a {\n  key id: keyword\n};\nlet b = from a;\nfrom b\n| take 3;\nfrom ("
    )
    found = editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert [symbol["name"] for symbol in found] == ["$n", "a", "b", "from b | take 3", "from ("]
    (field,) = found[1]["children"]
    assert (field["name"], field["range"]["start"]) == ("id", {"line": 2, "character": 6})


def test_fix_removes_its_error(editor: Editor, tmp_path: Path) -> None:
    uri = _uri(tmp_path)
    found = editor.open(uri, 'from mail | where subject == "🦅" and sujbect == "x";')
    assert [d["code"] for d in found] == ["PQ0202"]
    context = {"diagnostics": found}
    asked = {"textDocument": {"uri": uri}, "range": found[0]["range"], "context": context}
    (action, *_) = editor.ask("textDocument/codeAction", asked)
    (edit,) = action["edit"]["changes"][uri]
    # columns count the bird as two
    assert edit == {"range": found[0]["range"], "newText": "subject"}
    assert edit["range"]["start"] == {"line": 0, "character": 38}
    editor.change(uri, 'from mail | where subject == "🦅" and subject == "x";')
    assert editor.diagnostics() == []


def test_formatting_gives_one_edit(editor: Editor, tmp_path: Path) -> None:
    uri = _uri(tmp_path)
    editor.open(uri, "from   task|where not   done;\n")
    asked = {"textDocument": {"uri": uri}, "options": {"tabSize": 2, "insertSpaces": True}}
    (edit,) = editor.ask("textDocument/formatting", asked)
    editor.change(uri, "from task | where not done;\n")
    editor.diagnostics()
    assert editor.ask("textDocument/formatting", asked) == []
    assert edit["range"]["start"]["line"] == 0


def test_broken_and_odd_documents(editor: Editor, tmp_path: Path) -> None:
    uri = _uri(tmp_path)
    assert editor.open(uri, 'from task | where title == "') != []
    for text in ("", "\u2028|", "from task |\r\n where (", "]" * 300, "(" * 300, "😀" * 50, "tx { put"):
        editor.change(uri, text)
        editor.diagnostics()
        editor.ask("textDocument/completion", editor.at(uri, 0, 7))
        editor.ask("textDocument/hover", editor.at(uri, 5, 9000))


def test_document_may_declare_what_a_neighbour_declares(editor: Editor, tmp_path: Path) -> None:
    assert editor.open(_uri(tmp_path), "collection task { key id: keyword };\nfrom task | sort id;") == []


def test_unsaved_neighbours_count(editor: Editor, tmp_path: Path) -> None:
    editor.open((tmp_path / "new.paasq").as_uri(), "collection wish { key id: keyword size: int };")
    assert editor.open(_uri(tmp_path), "from wish | where size > 3;") == []


MODULE = "let late($who: link<person>) = from task | where owner == $who and not done;\n"


def test_modules(editor: Editor, tmp_path: Path) -> None:
    """What a module says is seen as it is typed, saved or changed on the disk by somebody else."""
    (tmp_path / ".paasq").mkdir()  # the project: what its folder declares holds in those below too
    (tmp_path / "lib").mkdir()
    file = tmp_path / "lib" / "mine.paasq"
    file.write_text(MODULE, "utf-8")
    uri, text = _uri(tmp_path), 'use "lib/mine.paasq" as mine;\nfrom mine.late(person:ben) | take 3;\n'
    assert editor.open(uri, text) == []
    place = editor.at(uri, 1, 12)
    assert editor.ask("textDocument/definition", place) == {
        "uri": file.as_uri(), "range": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 8}},
    }  # fmt: skip
    (link,) = editor.ask("textDocument/documentLink", {"textDocument": {"uri": uri}})
    assert (link["target"], link["range"]["start"]) == (file.as_uri(), {"line": 0, "character": 4})
    (signature,) = editor.ask("textDocument/signatureHelp", editor.at(uri, 1, 15))["signatures"]
    assert signature["label"] == "mine.late($who: link<person>)"
    paths = editor.ask("textDocument/completion", editor.at(uri, 0, 5))["items"]
    assert [item["label"] for item in paths] == ["lib/mine.paasq", "schema.paasq"]

    assert editor.open(file.as_uri(), MODULE) == []
    editor.change(file.as_uri(), MODULE.replace("late", "later"))
    assert {d["code"] for d in (*editor.diagnostics(), *editor.diagnostics())} == {"PQ0201"}
    editor.tell("textDocument/didClose", {"textDocument": {"uri": file.as_uri()}})
    editor.diagnostics()
    file.write_text(MODULE.replace("link<person>", "int"), "utf-8")
    editor.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": file.as_uri(), "type": 2}]})
    assert "PQ0224" in {d["code"] for d in editor.diagnostics()}


def test_schema_of_the_store_is_followed(tmp_path: Path) -> None:
    """What somebody else declares shows in a document that nobody touches."""
    daemon = process.Daemon(tmp_path / "data")
    daemon.start()
    try:
        with Editor(tmp_path, "--socket", str(daemon.socket)) as editor, daemon.client() as client:
            assert [d["code"] for d in editor.open(_uri(tmp_path), "from wish | take 3;")] == ["PQ0201"]
            client.request(Request("collection wish { key id: keyword }"))
            assert editor.diagnostics() == []
    finally:
        daemon.stop()


class _Client:
    """Answers as a daemon does, until it is switched off."""

    up = True
    asked = 0

    def __call__(self) -> None:
        type(self).asked += 1
        if not self.up:
            raise DaemonUnavailable("gone")

    def catalog(self) -> Any:
        self()
        return CATALOG

    def values(self, collection: str, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        self()
        return [v for v in LIVE[collection, field].items() if v[0].startswith(prefix)][:limit]

    def close(self) -> None: ...


def test_daemon_comes_and_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    client = _Client()
    monkeypatch.setattr(daemons, "RETRY_DELAY_S", 0.0)
    monkeypatch.setattr(daemons, "CATALOG_TTL_S", 0.0)
    absent = DaemonClient(tmp_path / "nobody.sock")
    assert absent.catalog() is None
    assert absent.values("task", "project", "", 5) == []
    monkeypatch.setattr(Client, "connect", lambda _: client)
    assert absent.catalog() is CATALOG
    assert absent.values("task", "project", "f", 5) == [("falcon", 5)]
    client.up = False
    assert absent.catalog() is CATALOG  # the last one known
    assert absent.values("task", "project", "f", 5) == []
    absent.close()


def test_slow_daemon_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    released, answered = Event(), Event()

    def slow(_: Path) -> None:
        released.wait(30)
        answered.set()
        raise DaemonUnavailable("too late")

    monkeypatch.setattr(Client, "connect", slow)
    monkeypatch.setattr(daemons, "REQUEST_TIMEOUT_S", 0.05)
    daemon = DaemonClient(tmp_path / "slow.sock")
    assert daemon.catalog() is None
    assert daemon.values("task", "project", "", 5) == []  # not asked again so soon
    assert not answered.is_set()
    released.set()
    daemon.close()
