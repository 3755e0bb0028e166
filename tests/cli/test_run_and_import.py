"""What `run` refuses before it begins, and what `import` says of one record."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Paasq


@pytest.fixture
def filled(command: Paasq, tmp_path: Path) -> Paasq:
    script = tmp_path / "tasks.paasq"
    script.write_text("collection task { key id: keyword  n: int }")
    assert command("run", script).code == 0
    return command


def test_a_script_without_a_value_changes_nothing(filled: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "x.paasq"
    script.write_text('put task {id: "new"};\nfrom task | where n == $n | select id')
    outcome = filled("run", script)
    assert outcome.code == 1
    assert "error[PQ0702]" in outcome.err
    assert "x.paasq:2:24" in outcome.err
    assert filled("query", 'from task | where id == "new"', "-f", "json").json["rows"] == []
    assert filled("run", script, "-p", "n=2").code == 0


def test_an_import_of_one_record(filled: Paasq, tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text('{"id": "one", "n": 1}\n')
    assert filled("import", "task", file).err.startswith("1 record into task")
    assert "\nit had the key of an earlier record, and replaced it" in filled("import", "task", file).err
