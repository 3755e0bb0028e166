"""What each query costs beside its rows: calls of Python functions by a cached small query in process. A count is the same on
every machine; what it takes in time is measured by `make bench`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import paasq

CALLS_MAX = 325  # 319 with Python 3.11


def test_a_small_query_makes_few_calls(tmp_path: Path) -> None:
    text = "from note | where stars == 3 | take 2"
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    with paasq.open(tmp_path / "data") as db:
        db.query("collection note { key id: keyword title: keyword stars: int };")
        db.put("note", [{"id": f"n{i}", "title": f"title {i}", "stars": i % 5} for i in range(20)])
        db.query(text)
        sys.setprofile(count)
        try:
            answer = db.query(text)
        finally:
            sys.setprofile(None)
    assert answer.rows == [["n3", "title 3", 3], ["n8", "title 8", 3]]
    assert calls <= CALLS_MAX
