"""paasq compact."""

from __future__ import annotations

from cli.conftest import Paasq


def test_it_gives_bytes_back_and_says_how_many(command: Paasq) -> None:
    for number in range(30):
        assert command("query", f"collection c{number} {{ key id: keyword }}").code == 0
    done = command("compact", "--json").json
    assert done["data"]["after_bytes"] < done["data"]["before_bytes"]
    assert command("status", "--json").json["disk"]["data"]["bytes"] == done["data"]["after_bytes"]
    assert "after_bytes" in command("compact").out
