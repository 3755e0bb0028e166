"""Past versions of records are trimmed after the bound of history of their collection, or of the store."""

from __future__ import annotations

import shutil
from collections import Counter

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.services.retention import RetentionService
from paasq_daemon.wire.errors import StoreError
from paasq_daemon.wire.request import Request
from paasq_dsl.catalog import Catalog, catalog_from_json, catalog_to_json
from properties.worlds import SmallEmbedder
from retention.conftest import DAY, Clock, rows


@pytest.fixture
def versions(instance: Instance, clock: Clock) -> list[int]:
    """A note that was written once a day for ten days, now a day ago; the sequence number of each write."""
    rows(instance, "collection note { key id: keyword  n: int  body: text } history 3d")
    seqs = []
    for n in range(10):
        rows(instance, f'put note {{id: "a", n: {n}, body: "canary{n}"}}')
        seqs.append(instance.store.seq)
        clock.passes(DAY)
    return seqs


def test_history_is_kept_as_long_as_it_is_said(instance: Instance, versions: list[int]) -> None:
    """What was replaced within the bound is there, and a moment before it is refused by the first that is kept."""
    assert rows(instance, "show retention") == [["note", None, 0, "3d", 6]]
    instance.retention.run()
    assert rows(instance, "from note | select n") == [[9]]
    kept = [n for n, seq in enumerate(versions) if _is_kept(instance, seq)]
    assert kept == [6, 7, 8, 9]
    assert [rows(instance, f"from note as of seq {versions[n]} | select n") for n in kept] == [[[n]] for n in kept]
    with pytest.raises(StoreError, match=f"history is kept from sequence number {versions[6]} on"):
        rows(instance, f"from note as of seq {versions[5]}")
    with pytest.raises(StoreError, match="read a moment since 2026-12-04T12:00:00Z, or restore a snapshot"):
        rows(instance, f"from note as of seq {versions[5]}")
    assert rows(instance, "show retention") == [["note", None, 0, "3d", 0]]


def test_what_was_forgotten_is_no_version_to_trim(instance: Instance, versions: list[int]) -> None:
    del versions
    rows(instance, "forget note:a")
    assert rows(instance, "show retention") == [["note", None, 0, "3d", 0]]


def _is_kept(instance: Instance, seq: int) -> bool:
    try:
        rows(instance, f"from note as of seq {seq}")
    except StoreError:
        return False
    return True


def test_what_is_trimmed_is_gone_from_the_store(instance: Instance, versions: list[int]) -> None:
    del versions
    instance.retention.run()
    with instance.store.read() as view:
        note = view.catalog.collections["note"]
        bodies = [value for _, value in view.tables.bodies.scan(view.txn, note.id.to_bytes(4, "big"))]
    assert sorted(n for n in range(10) if any(b"canary%d" % n in body for body in bodies)) == [6, 7, 8, 9]


def test_each_collection_keeps_its_own(instance: Instance, versions: list[int], clock: Clock) -> None:
    """Those of a collection that was dropped go as the store says."""
    rows(instance, "collection diary { key id: keyword  n: int } history all; collection gone { key id: keyword }")
    rows(instance, 'put diary {id: "a", n: 1}; put gone {id: "a"}; drop collection gone and its records')
    first = instance.store.seq
    rows(instance, "patch diary:a set n = 2; alter store set history 5d")
    clock.passes(10 * DAY)
    instance.retention.run(trust_clock=True)
    assert rows(instance, f"from diary as of seq {first} | select n") == [[1]]
    assert [seq for seq in versions if _is_kept(instance, seq)] == []
    with instance.store.read() as view:
        by_collection = Counter(int.from_bytes(key[:4], "big") for key, _ in view.tables.bodies.scan(view.txn))
        ids = {name: collection.id for name, collection in view.catalog.collections.items()}
    assert by_collection == {ids["note"]: 1, ids["diary"]: 2}


def test_history_none_keeps_none_and_all_keeps_all(instance: Instance, versions: list[int]) -> None:
    rows(instance, "alter collection note set history all")
    instance.retention.run()
    assert all(_is_kept(instance, seq) for seq in versions)
    rows(instance, "alter collection note set history none")
    instance.retention.run()
    assert [seq for seq in versions if _is_kept(instance, seq)] == versions[-1:]
    assert rows(instance, "from note | select n") == [[9]]


def test_a_store_that_says_nothing_keeps_ninety_days(instance: Instance, clock: Clock) -> None:
    rows(instance, 'collection note { key id: keyword  n: int }; put note {id: "a", n: 1}')
    first = instance.store.seq
    rows(instance, "patch note:a set n = 2")
    clock.passes(89 * DAY)
    instance.retention.run(trust_clock=True)
    assert rows(instance, f"from note as of seq {first} | select n") == [[1]]
    clock.passes(2 * DAY)
    instance.retention.run(trust_clock=True)
    with pytest.raises(StoreError, match="history is kept from"):
        rows(instance, f"from note as of seq {first}")


def test_the_stores_own_bound(instance: Instance, versions: list[int]) -> None:
    rows(instance, "alter collection note drop history; alter store set history 5d")
    assert rows(instance, "show retention") == [["note", None, 0, "5d", 4]]
    instance.retention.run()
    assert [seq for seq in versions if _is_kept(instance, seq)] == versions[4:]


def test_a_store_of_before_keeps_all() -> None:
    """Its catalog knew no bound of history, and nothing that was kept goes by itself."""
    before = catalog_to_json(Catalog())
    del before["history"]
    assert str(catalog_from_json(before).history) == "history all"
    assert catalog_to_json(catalog_from_json(before)) == before  # of which snapshots have a digest
    assert catalog_from_json(catalog_to_json(Catalog())).history is None


def test_what_is_not_archived_yet_is_not_trimmed(instance: Instance, versions: list[int], clock: Clock) -> None:
    service = RetentionService(instance.store, instance.indexes, lambda: clock.now_us, lambda: versions[2])
    service.run()
    assert [seq for seq in versions if _is_kept(instance, seq)] == versions[2:]


def test_a_cursor_older_than_the_bound_is_refused(instance: Instance, versions: list[int]) -> None:
    instance.retention.run()
    with pytest.raises(StoreError, match="history is kept from"):
        instance.watch(Request(f"watch from note after {versions[2]}"))


def test_no_index_is_made_anew_for_want_of_the_journal(
    instance: Instance, versions: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    del versions
    instance.retention.run()
    folder = instance.store.folder.with_name("another")
    shutil.copytree(instance.store.folder, folder)  # as a kill would leave it, without the checkpoint of its close
    caplog.set_level("INFO")
    with Instance.open(folder, embedder=SmallEmbedder(), sync=False).resources:
        pass
    assert "built from the records" not in caplog.text


def test_history_written_by_a_clock_that_jumped_ahead_is_kept_longer(instance: Instance, clock: Clock) -> None:
    """Commits have that time until the clock has caught up, so their age begins then."""
    rows(instance, 'collection note { key id: keyword  n: int } history 3d; put note {id: "a", n: 1}')
    clock.now_us += 30 * DAY
    rows(instance, "patch note:a set n = 2")
    seq = instance.store.seq
    clock.now_us -= 30 * DAY
    rows(instance, "patch note:a set n = 3")
    clock.passes(20 * DAY)
    instance.retention.run(trust_clock=True)
    assert rows(instance, f"from note as of seq {seq} | select n") == [[2]]
    clock.passes(14 * DAY)
    instance.retention.run(trust_clock=True)
    with pytest.raises(StoreError, match="history is kept from"):
        rows(instance, f"from note as of seq {seq}")


def test_a_page_goes_on_as_long_as_its_history_is_kept(instance: Instance, versions: list[int], clock: Clock) -> None:
    del versions
    rows(instance, 'put note [{id: "b"}, {id: "c"}]')
    text = "from note | sort _key | page 1 after $cursor | select _key"
    first = instance.engine.query(Request(text, {"cursor": None}))
    rows(instance, 'delete from note where _key == "b"')
    clock.passes(2 * DAY)
    instance.retention.run(trust_clock=True)
    assert rows(instance, text, cursor=first.cursor) == [["b"]]
    clock.passes(2 * DAY)
    instance.retention.run(trust_clock=True)
    with pytest.raises(StoreError, match="history is kept from sequence number"):
        rows(instance, text, cursor=first.cursor)
