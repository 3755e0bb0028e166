"""A store of format 1 kept all its history, and its first opening by a newer paasq sets no bound."""

from __future__ import annotations

from pathlib import Path

from formats.reading import KeptEmbedder
from paasq_daemon.instance import Instance
from paasq_dsl.retention import HISTORY_ALL


def test_nothing_that_was_kept_is_trimmed(upgraded: Path) -> None:
    instance = Instance.open(upgraded, embedder=KeptEmbedder(), sync=False)
    catalog = instance.catalog.current()
    assert {catalog.history_of(collection) for collection in catalog.collections.values()} == {HISTORY_ALL}
    with instance.store.read() as view:
        before = view.journal_start, len(list(view.kept_journal()))
    assert before[1] > 0
    instance.retention.run(trust_clock=True)
    with instance.store.read() as view:
        assert (view.journal_start, len(list(view.kept_journal()))) == before
    instance.close()
