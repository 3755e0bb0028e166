"""What the page of watches shows and does not run: messages, and statements in its running text."""

from __future__ import annotations

import re
from pathlib import Path

import orjson

from paasq_daemon.instance import Instance
from paasq_daemon.wire.events import EventBatch
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

PAGE = (Path(__file__).parents[2] / "docs" / "watch.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)\n```", PAGE, re.DOTALL)


def test_the_messages_are_ones() -> None:
    answer, told = (orjson.loads(block) for kind, block in BLOCKS if kind == "json")
    assert answer["result"]["watch"] == told["params"].pop("watch")
    assert EventBatch.from_json(told["params"]).to_json() == told["params"]


def test_every_statement_in_the_running_text_parses(tmp_path: Path) -> None:
    instance = Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(next(block for kind, block in BLOCKS if kind == "paasq")))
    for text in re.findall(r"`(?:paasq query ')?(watch from [^`']+)", PAGE):
        assert not [d for d in instance.engine.check(text) if d["code"] != "PQ0201"], text
    instance.close()
