"""The TypeScript client: its own tests under Node, and what it has to have in common with the daemon."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from clients.typescript import TYPESCRIPT, require_typescript
from paasq_daemon.server.methods.registry import METHODS
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.answer_parts import PART_ROWS
from paasq_daemon.wire.errors import BY_CODE
from paasq_daemon.wire.framing import REQUESTS_IN_FLIGHT_MAX


def source(name: str) -> str:
    return (TYPESCRIPT / "src" / name).read_text("utf-8")


def test_it_holds_against_a_daemon() -> None:
    require_typescript()
    tests = [str(path) for path in (TYPESCRIPT / "dist" / "test").glob("*.test.js")]
    paasq = Path(sys.executable).with_name("paasq")
    ended = subprocess.run(
        ["node", "--test", *tests],
        env=os.environ | {"PAASQ": str(paasq)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert tests
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_error_has_a_class() -> None:
    found = re.findall(
        r'class (\w+) extends (\w+) \{\s*(?:override )?readonly code(?:: string)? = "(PQ\d+)"', source("errors.ts")
    )
    classes = {code: (name, base) for name, base, code in found}
    classes["PQ9000"] = ("PaasqError", "Error")
    assert {code: name for code, (name, _) in classes.items()} == {
        code: kind.__name__ for code, kind in BY_CODE.items()
    }
    for code, (_, base) in classes.items():
        assert base in {BY_CODE[code].__base__.__name__, "Error"}, code  # type: ignore[union-attr]  # all have one
    listed = re.search(r"const KINDS = \[(.*?)\]", source("errors.ts"), re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"\w+", listed[1])) == {kind.__name__ for kind in BY_CODE.values()}


def test_what_it_sends_twice_only_reads() -> None:
    listed = re.search(r"const READING = new Set\(\[(.*?)\]\)", source("client.ts"), re.DOTALL)
    assert listed is not None
    for name in re.findall(r'"([\w.]+)"', listed[1]):
        assert METHODS[name].right is Right.READ, name


def test_it_knows_the_limits() -> None:
    assert f"IN_FLIGHT_MAX = {REQUESTS_IN_FLIGHT_MAX};" in source("connection.ts")
    assert f"PART_ROWS = {PART_ROWS};" in source("client.ts")
