"""paasq dump and paasq load."""

from __future__ import annotations

from pathlib import Path

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
