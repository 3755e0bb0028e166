"""What the editor's tests share: a catalog, values as an index would count them, a client of the protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paasq_dsl.catalog import Catalog
from paasq_dsl.modules import Module, ModuleUnavailable
from paasq_editor.analysis import declared_collections

SAMPLES = Path(__file__).parents[2] / "samples"
SCRIPTS = sorted(SAMPLES.glob("*/*.paasq"))
CATALOG: Catalog = declared_collections((SAMPLES / "assistant" / "schema.paasq").read_text("utf-8"))
LIVE = {
    ("person", "address.city"): {"Leipzig": 5, "Oslo": 1},
    ("task", "project"): {"falcon": 5, "home": 3, 'a "new" one': 1},
    ("mail", "labels"): {"work": 7, "family": 2, "falcon": 2, "salt-road": 2},
    ("task", "owner"): {"mira": 12, "ben": 1},
    ("note", "id"): {"soup": 1, "salt-road": 1, "falcon": 1},
}


class LibraryModules:
    """A project of one module, without a disk."""

    def __call__(self, path: str, importer: str | None) -> Module:
        del importer
        if path != "lib/mail.paasq":
            raise ModuleUnavailable("PQ0234", path=path)
        return Module(path, MAIL)

    def paths(self) -> list[str]:
        return ["lib/mail.paasq", "../tasks of mine.paasq"]


MODULES = LibraryModules()
MAIL = """
/// How many at most.
param $most: int = 20;
/// Unread mail from one person.
let unread($who: link<person>, $days: int = 7) =
  from mail | where from == $who and unread and at > @now - $days * 1d;
let all = from mail | sort at desc;
/// Counts what is urgent more.
fn boost(project: keyword, by: float = 1.5): float = if(project == "falcon", by, 1.0);
"""


def live_values(collection: str, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
    counted = LIVE.get((collection, field), {})
    return [(value, n) for value, n in counted.items() if value.startswith(prefix)][:limit]


class Editor:
    """Speaks JSON-RPC with a server in a process of its own, and knows nothing else of it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "paasq_editor", "--stdio", "--data", str(folder / "no-such-store"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self.ids = 0

    def __enter__(self) -> Self:
        capabilities = {"general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]}}
        self.capabilities = self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self.tell("initialized", {})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.ask("shutdown", None)
            self.tell("exit", None)
            assert self.process.wait(10) == 0
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    def tell(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """The result. Notifications on the way are dropped."""
        self.ids += 1
        self._send({"jsonrpc": "2.0", "id": self.ids, "method": method, "params": params})
        for message in self._messages():
            if message.get("id") == self.ids and "method" not in message:
                assert "error" not in message, message
                return message["result"]
        raise AssertionError("the server has ended")

    def open(self, uri: str, text: str) -> list[dict[str, Any]]:
        """The diagnostics of a document that is opened."""
        document = {"uri": uri, "languageId": "paasq", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return self.diagnostics()

    def change(self, uri: str, text: str) -> None:
        document = {"uri": uri, "version": 2}
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def diagnostics(self) -> list[dict[str, Any]]:
        for message in self._messages():
            if message.get("method") == "textDocument/publishDiagnostics":
                return list(message["params"]["diagnostics"])
        raise AssertionError("the server has ended")

    def at(self, uri: str, line: int, character: int) -> dict[str, Any]:
        return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _messages(self) -> Iterator[dict[str, Any]]:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
                while stream.readline().strip():
                    pass
                yield json.loads(stream.read(length))
