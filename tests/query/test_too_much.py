"""What a query would make too much of is refused before it is made. The limits are lowered here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from paasq_daemon.commands import resolve
from paasq_daemon.instance import Instance
from paasq_daemon.kernels import join, output_limits
from paasq_daemon.kernels.aggregate import statistics
from paasq_daemon.operators import init_plan, link_traversal, row_limits
from paasq_daemon.wire.errors import QueryError
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

NOTES = (Path(__file__).parent / "notes.paasq").read_text("utf-8")
REFUSED: list[tuple[ModuleType, str, str, str]] = [
    (row_limits, "OUTPUT_ROWS_MAX", "from note | expand tags", "PQ0790"),
    (link_traversal, "ITEMS_MAX", "from note | select t = see->title", "PQ0792"),
    (init_plan, "SUBQUERY_ROWS_MAX", "from note | where id in (from note | select id)", "PQ0793"),
    (output_limits, "OUTPUT_ITEMS_MAX", "from note | select t = append(tags, tags)", "PQ0794"),
    (output_limits, "OUTPUT_CHARACTERS_MAX", "from note | select t = repeat(title, 9)", "PQ0795"),
    (join, "JOIN_ROWS_MAX", "from note | lookup many note on stars == note.stars as same", "PQ0797"),
    (statistics, "CELLS_MAX", "from note | summarize h = histogram(stars, 5) by id", "PQ0798"),
    (resolve, "CITATIONS_MAX", 'resolve ["note:n1", "note:n2", "note:n3", "note:n4"]', "PQ0799"),
]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    instance = Instance.open(tmp_path_factory.mktemp("much"), embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(NOTES))
    yield instance
    instance.close()


@pytest.mark.parametrize(("module", "limit", "text", "code"), REFUSED, ids=[code for *_, code in REFUSED])
def test_refused(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, module: ModuleType, limit: str, text: str, code: str
) -> None:
    instance.engine.query(Request(text))
    monkeypatch.setattr(module, limit, 3)
    with pytest.raises(QueryError) as refused:
        instance.engine.query(Request(text))
    assert [d["code"] for d in refused.value.diagnostics] == [code]
