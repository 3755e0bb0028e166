"""Commands that read work beside whatever process has the store: a program, an import, `paasq embed`."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

import paasq
from cli.conftest import Paasq
from cli.test_processes import PAASQ

SCHEMA = "collection note { key id: keyword  title: text(en)  n: int  about: link<note>  embedding: vector(auto) from title }"
READS = (
    "from note | summarize n = count(), s = sum(n)",
    'from note | match title "lentils" | sort id | take 5 | select id, _score',
    'from note | match title "evening" | select id',
    "from note | where about->n > 2 | sort id | select id, n",
    'from note | near embedding to "what to cook" | take 2 | select id, _score',
    "from note as of seq 2 | sort id | select id",
    "show collections",
    "explain from note | take 1",
)  # fmt: skip


class Holder:
    """A program that has the store open, and runs the texts that it is sent, a line each."""

    def __init__(self, folder: Path) -> None:
        code = (
            "import json, paasq, sys\n"
            "with paasq.open(sys.argv[1]) as db:\n"
            "    print('open', flush=True)\n"
            "    for line in sys.stdin:\n"
            "        print(json.dumps(db.query(json.loads(line)).to_json()), flush=True)\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._out.readline() == "open\n"

    @property
    def _out(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def query(self, text: str) -> object:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{json.dumps(text)}\n")
        self.process.stdin.flush()
        return json.loads(self._out.readline())

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


@pytest.fixture
def holder(command: Paasq, folder: Path) -> Iterator[Holder]:
    """Its store has some of its index in files, and more that is only in the journal. `command` asks beside it."""
    del command  # it makes the environment
    with paasq.open(folder) as db:
        db.query(SCHEMA)
        db.put(
            "note",
            [{"id": "a", "title": "red lentils and cumin", "n": 1}, {"id": "b", "title": "a walk in the evening"}],
        )
        db.query('from note | match title "lentils"')
    holder = Holder(folder)
    holder.query(
        "put note [{id: 'c', title: 'lentils, again', n: 3, about: note:a}, {id: 'd', n: 4, about: note:c}]".replace(
            "'", '"'
        )
    )
    holder.query("delete note:b")
    yield holder
    holder.end()


@pytest.mark.parametrize("text", READS)
def test_answers_are_those_of_the_process_that_has_the_store(command: Paasq, holder: Holder, text: str) -> None:
    beside = command("query", text, "--format", "json")
    assert beside.code == 0, beside.err
    expected = holder.query(text)
    assert _told(beside.json) == _told(expected)


def _told(answer: object) -> dict[str, object]:
    assert isinstance(answer, dict)
    return {name: answer[name] for name in ("columns", "rows", "complete", "reason", "seq")}


def test_status_check_and_snapshots_are_told(command: Paasq, holder: Holder, tmp_path: Path) -> None:
    status = command("status", "--json")
    assert status.code == 0, status.err
    assert f"process {holder.process.pid}" in status.json["in_use"]
    assert status.json["collections"]["note"]["records"] == 3
    assert status.json["disk"]["data"]["bytes"] > 0
    assert status.json["daemon"] is None
    assert command("snapshot", "list").code == 0
    script = tmp_path / "x.paasq"
    script.write_text("from note | where nn > 1")
    checked = command("check", script)
    assert checked.code == 1
    assert "did you mean n?" in checked.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", 'put note {id: "z"}'],
        ["query", 'dryrun put note {id: "z"}'],
        ["query", "forget note:a"],
        ["query", "drop collection note"],
        ["query", "watch from note"],
        ["embed"],
        ["compact"],
        ["snapshot", "create", "monday"],
        ["dump", "x.zip"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_writes_is_refused_and_says_by_whom(command: Paasq, holder: Holder, arguments: list[str]) -> None:
    before = _told(holder.query(READS[0]))
    refused = command(*arguments)
    assert refused.code == 1
    assert f"is in use by process {holder.process.pid}" in refused.err
    assert _told(holder.query(READS[0])) == before


def _has_store(process: subprocess.Popen[bytes]) -> bool:
    try:
        return any(str(path.readlink()).endswith("data.mdb") for path in Path(f"/proc/{process.pid}/fd").iterdir())
    except OSError:  # one was closed meanwhile
        return False


def test_an_import_can_be_watched(folder: Path, command: Paasq, tmp_path: Path) -> None:
    """Each answer is of one moment: the sum of what is there fits the count."""
    with paasq.open(folder) as db:
        db.query("collection point { key id: keyword  n: int  title: text }")
    file = tmp_path / "points.jsonl"
    file.write_text("".join(f'{{"id": "{n}", "n": 1, "title": "point number {n}"}}\n' for n in range(40_000)))
    importing = subprocess.Popen([*PAASQ, "import", "point", file], stderr=subprocess.DEVNULL)
    while not _has_store(importing):
        time.sleep(0.01)
    ended = threading.Thread(target=importing.wait)
    ended.start()
    counts: list[int] = []
    try:
        while ended.is_alive() or not counts:
            asked = command("query", "from point | summarize c = count(), s = sum(n)", "--format", "json")
            assert asked.code == 0, asked.err
            (row,) = asked.json["rows"]
            assert row["c"] == (row["s"] or 0)
            counts.append(row["c"])
    finally:
        importing.kill()
        ended.join()
    assert counts == sorted(counts), "time goes forwards"
    assert importing.returncode == 0, "the import took no harm"
    found = command("query", 'from point | match title "39999" | select id', "--format", "json")
    assert [row["id"] for row in found.json["rows"]] == ["39999"]
