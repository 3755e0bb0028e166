"""paasq dump and paasq load."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from cli.conftest import Paasq

SCRIPT = """
collection task { key id: keyword  title: text  n: int };
put task [{id: "a", title: "one", n: 1}, {id: "b"}];
patch task:a set n = 2;
"""


@pytest.fixture
def filled(command: Paasq, tmp_path: Path) -> Paasq:
    script = tmp_path / "tasks.paasq"
    script.write_text(SCRIPT)
    assert command("run", script).code == 0
    return command


def test_a_dump_is_loaded(filled: Paasq, folder: Path, tmp_path: Path) -> None:
    before = filled("query", "from task | sort id | select id, n, _version, _time", "-f", "jsonl").out
    made = filled("dump", tmp_path / "a.zip", "--history", "--json")
    assert made.code == 0
    assert made.json["history"] is True
    assert made.json["collections"]["task"]["records"] == before.count("\n")
    assert filled("load", tmp_path / "a.zip", "--data", tmp_path / "new").code == 0
    again = filled(
        "query", "from task | sort id | select id, n, _version, _time", "-f", "jsonl", "--data", tmp_path / "new"
    )
    assert again.out == before
    refused = filled("load", tmp_path / "a.zip")
    assert refused.code == 1
    assert f"{folder} is not an empty store" in refused.err
    inside = filled("dump", folder / "a.zip")
    assert "lies inside the store's own folder" in inside.err


def test_what_is_no_archive(filled: Paasq, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("nothing")
    outcome = filled("load", tmp_path / "a.zip", "--data", tmp_path / "new")
    assert outcome.code == 1
    assert "is no archive" in outcome.err
    assert not (tmp_path / "new").exists()
    assert "cannot be read" in filled("load", tmp_path / "none.zip", "--data", tmp_path / "new").err


def test_receipts_and_tombstones_go_with_the_history(filled: Paasq, tmp_path: Path) -> None:
    assert filled("query", "forget task:b").code == 0
    assert filled("query", 'put task {id: "c"}').code == 0
    assert filled("query", "forget task:c").code == 0
    before = filled("query", "show forgotten", "-f", "jsonl").out
    assert before.count("\n") == 2
    filled("dump", tmp_path / "a.zip", "--history")
    assert filled("load", tmp_path / "a.zip", "--data", tmp_path / "new").code == 0
    again = ("--data", tmp_path / "new")
    assert filled("query", "show forgotten", "-f", "jsonl", *again).out == before
    filled("dump", tmp_path / "b.zip", "--history", *again)
    with ZipFile(tmp_path / "b.zip") as archive:
        assert archive.read("history/forgotten.jsonl").splitlines() == [b"[1,1,4]", b"[1,3,6]"]
    assert filled("query", "forget task:a", "-f", "jsonl", *again).out.startswith('{"number":3,')
    assert filled("doctor", *again).code == 0


def test_an_archive_from_before_receipts_were_in_it_is_loaded(filled: Paasq, tmp_path: Path) -> None:
    filled("query", "forget task:b")
    filled("dump", tmp_path / "new.zip", "--history")
    without = {"history/receipts.jsonl", "history/forgotten.jsonl"}
    with ZipFile(tmp_path / "new.zip") as new, ZipFile(tmp_path / "old.zip", "w") as old:
        for name in new.namelist():
            content = new.read(name)
            if name == "manifest.json":
                manifest = json.loads(content)
                del manifest["history"]["receipt"]
                manifest["files"] = {name: known for name, known in manifest["files"].items() if name not in without}
                content = json.dumps(manifest).encode()
            if name not in without:
                old.writestr(name, content)
    assert filled("load", tmp_path / "old.zip", "--data", tmp_path / "new").code == 0
    assert filled("query", "show forgotten", "-f", "jsonl", "--data", tmp_path / "new").out == ""
