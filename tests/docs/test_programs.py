"""The page of programs: its blocks run one after the other in one store, those that are said to fail with their code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paasq_daemon.engine import Engine
from paasq_daemon.wire.errors import PaasqError, QueryError
from paasq_daemon.wire.messages import Request
from paasq_dsl.syntax.format import format_text
from paasq_dsl.syntax.parse import parse
from properties.worlds import SmallEmbedder

PAGE = (Path(__file__).parents[2] / "docs" / "programs.md").read_text("utf-8")
BLOCKS = re.findall(r"^```paasq ?(.*)\n((?:.*\n)*?)```$", PAGE, re.MULTILINE)


def test_every_block_runs(tmp_path: Path) -> None:
    engine = Engine.open(tmp_path / "store", embedder=SmallEmbedder(), sync=False)
    modules: dict[str, str] = {}
    for kind, text in BLOCKS:
        if kind.endswith(".paasq"):
            modules[kind] = text
        elif kind:
            with pytest.raises(PaasqError) as failed:
                engine.query(Request(text, modules=modules))
            error = failed.value
            codes = [d["code"] for d in error.diagnostics] if isinstance(error, QueryError) else [error.code]
            assert codes == [kind.removeprefix("fails ")], text
        else:
            engine.query(Request(text, modules=modules))
    assert engine.query(Request("from task | sort id | select id, owner")).rows == [
        ["2", "ana"], ["3", "ben"], ["7", "ana"], ["9", None],
    ]  # fmt: skip
    engine.close()


@pytest.mark.parametrize("text", [text for _, text in BLOCKS], ids=lambda text: text[:30])
def test_every_block_keeps_its_tree_when_formatted(text: str) -> None:
    formatted = format_text(text)
    assert format_text(formatted) == formatted
    assert len(parse(formatted)[0].statements) == len(parse(text)[0].statements)
