"""How many records a query decodes: each once, however many fields of it are stored in the records alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paasq_daemon.engine import Engine
from paasq_daemon.instance import Instance
from paasq_daemon.store import read_view
from paasq_daemon.store.record import Record, decode_record
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

RECORDS = 20
SCHEMA = """
collection note { key id: keyword
  a: text
  b: text
  spent: duration
  list: [text]
  rank: int
  other: link<note> };
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    opened = Instance.open(tmp_path_factory.mktemp("reads"), embedder=SmallEmbedder(), sync=False)
    opened.engine.query(Request(SCHEMA))
    records = [
        {"id": str(i), "a": f"a {i}", "b": f"b {i % 5}", "spent": "2h", "list": ["x"], "rank": i, "other": str(i - i % 2)}
        for i in range(RECORDS)
    ]  # fmt: skip
    opened.records.put("note", records)
    yield opened.engine
    opened.close()


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("from note | select rank", 0),
        ("from note | select a", RECORDS),
        ("from note | select a, b, spent, list", RECORDS),
        ("from note | rename x = a, y = b | select x, y", RECORDS),
        ("from note | extend n = length(a) + length(b), m = length(b) | select n, m", RECORDS),
        ("from note | where a != b | select rank", RECORDS),
        ("from note | where rank < 5 | summarize max(length(a)), min(length(b)) by b", 5),
        ("from note | sort b, a | select rank", RECORDS),
        ("from note | sort rank | take 3 | select a, b", 3),
        ("from note | distinct by a, b | select rank", RECORDS),
        ("from note | extend x = lag(a), y = lag(b) | select x, y", RECORDS),
        ("from note | lookup one note on other == note.id as o | select o.a, o.b", RECORDS // 2),
        ("from note | where rank < 2 | union (from note | where rank > 17) | select a, b", 4),
    ],
)
def test_each_record_is_decoded_once(engine: Engine, text: str, decoded: int, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(collection_id: int, ordinal: int, body: bytes) -> Record:
        nonlocal count
        count += 1
        return decode_record(collection_id, ordinal, body)

    engine.query(Request(text))  # the first one brings the index up to date
    monkeypatch.setattr(read_view, "decode_record", counted)
    assert engine.query(Request(text)).rows
    assert count == decoded
