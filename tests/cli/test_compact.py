"""paasq compact."""

from __future__ import annotations

from pathlib import Path

from cli.conftest import Paasq


def test_it_gives_bytes_back_and_says_how_many(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "schema.paasq"
    script.write_text("collection note { key id: keyword }")
    assert command("run", script).code == 0
    for number in range(30):
        assert command("query", f"collection c{number} {{ key id: keyword }}").code == 0
    done = command("compact", "--json").json
    assert done["data"]["after_bytes"] < done["data"]["before_bytes"]
    assert command("status", "--json").json["disk"]["data"]["bytes"] == done["data"]["after_bytes"]
    assert "after_bytes" in command("compact").out
