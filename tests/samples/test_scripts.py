"""The sample scripts: they parse, and every link of the assistant's records points at one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paasq_dsl.syntax.parser import parse_script

SAMPLES = Path(__file__).parents[2] / "samples"
SCRIPTS = sorted(SAMPLES.glob("*/*.paasq"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_parses(path: Path) -> None:
    script, diagnostics = parse_script(path.read_text(encoding="utf-8"))
    assert script.statements
    assert not diagnostics


def test_assistant_is_closed() -> None:
    text = (SAMPLES / "assistant" / "data.paasq").read_text(encoding="utf-8")
    records: set[str] = set()
    for collection, body in re.findall(r"put (\w+) \[(.*?)\n\];", text, re.DOTALL):
        ids = re.findall(r'\{id: "([^"]+)"', body)
        assert len(ids) == len(set(ids))
        records |= {f"{collection}:{key}" for key in ids}
    assert len(records) == 76
    links = set(re.findall(r"[ \[](person:[\w-]+|mail:[\w-]+|note:[\w-]+)", text))
    assert links
    assert links <= records
