"""The thread that tells watches of commits outlives what goes wrong in it."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import StoreError
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder


def fill(instance: Instance, readers: ExitStack) -> None:
    while True:
        readers.enter_context(instance.store.read())


def test_a_full_table_of_readers_delays_what_watches_are_told(tmp_path: Path) -> None:
    instance = Instance.open(tmp_path / "data", embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request("collection t { key id: keyword }"))
    watch = instance.watch(Request("watch from t"))
    assert watch.next_events() is not None
    due = threading.Event()
    watch.on_due = due.set
    with ExitStack() as readers:
        with pytest.raises(StoreError, match="reads are open at one time"):
            fill(instance, readers)
        instance.store.write(lambda t: t.put(1, "2", {1: "2"}, {})).result()
        assert not due.wait(0.3)
    assert due.wait(5)
    batch = watch.next_events()
    assert batch is not None
    assert [change.key for change in batch.changes] == ["2"]
    watch.close()
    instance.close()
