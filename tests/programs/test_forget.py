"""forget, as a reader, a writer and an owner see it. That no file holds a byte of it is in tests/faults/test_forget.py."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from blake3 import blake3

from faults.raw_files import files_with
from paasq_daemon.index.collection_index import CollectionIndex
from paasq_daemon.instance import Instance
from paasq_daemon.services import forgetting
from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.encrypted_storage import unlock
from paasq_daemon.snapshot.encryption_key import given_key, write_key_file
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.snapshot.restore_moment import restore_moment
from paasq_daemon.store.forget_receipts import read_receipts
from paasq_daemon.store.layout import RECORD_KEY
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ConflictError, DiskFull, PaasqError, QueryError, ReadOnly, StoreError
from paasq_daemon.wire.events import RowChange
from paasq_daemon.wire.request import Request
from programs.conftest import Ask, Rows
from properties.worlds import SmallEmbedder


def row(rows: Rows, text: str) -> dict[str, object]:
    """The one row of a forget, by column."""
    names = (
        "number collection records versions vectors bytes links seq began finished rewritten still_in receipt".split()
    )
    (found,) = rows(text)
    return dict(zip(names, found, strict=True))


def test_it_is_in_no_answer(instance: Instance, rows: Rows) -> None:
    rows('patch note:a set title = "alpha two"')
    seq = instance.store.seq
    assert rows('from note | match "alpha" | select id') == [["a"]]
    done = row(rows, "forget note:a")
    assert (done["records"], done["versions"], done["vectors"]) == (1, 2, 2)
    for text in (
        "from note | select id",
        'from note | match "beta" | select id',
        'from note | near embedding to "alpha beta" | select id',
        f"from note as of seq {seq} | select id",
        f'from note as of seq {seq} | match "beta" | select id',
    ):
        assert ["a"] not in rows(text), text
        assert ["b"] in rows(text), text
    assert rows('resolve "note:a@1.title"')[0][1] == "unknown"
    assert rows(f"from note as of seq {seq} | summarize n = count()") == [[2]]


def test_history_is_forgotten_too(instance: Instance, rows: Rows) -> None:
    rows("delete note:a")
    done = row(rows, "forget note:a")
    assert (done["records"], done["versions"], done["seq"]) == (1, 1, instance.store.seq)
    with pytest.raises(ConflictError, match="there is no note:a, and no version of it in the history"):
        rows("forget note:a")


def test_a_where_takes_live_records_with_all_their_versions(rows: Rows) -> None:
    rows('patch note:b set tags = ["z"]')
    assert rows('forget from note where tags has "x"') == []  # b had it once, and has it no more
    done = row(rows, 'forget from note where tags has "z" or n == 1')
    assert (done["records"], done["versions"]) == (2, 3)
    assert rows("from note | select id") == [["c"]]
    assert rows("show forgotten") == [list(done.values())]


def test_the_key_is_new_again(rows: Rows) -> None:
    rows('patch note:a set n = 7; forget note:a; put note {id: "a", title: "new", mail: "m1"}')
    assert rows("from note:a | select title, n, _version") == [["new", None, 1]]


def test_its_unique_values_are_free(rows: Rows) -> None:
    with pytest.raises(ConflictError):
        rows('put note {id: "e", mail: "m2"}')
    rows('forget note:b; put note {id: "e", mail: "m2"}')
    assert rows('from note | where mail == "m2" | select id') == [["e"]]


def test_links_to_it_are_counted_and_stay(rows: Rows) -> None:
    rows('put note {id: "d", who: person:mira}')
    assert row(rows, "forget person:mira")["links"] == 2
    assert rows("from note | where who != null | select id") == [["a"], ["d"]]
    assert rows("from note | where who != null | select who->name") == [[None], [None]]


def test_the_preview_erases_nothing(ask: Ask) -> None:
    ask('patch person:mira set name = "Nora"; snapshot "now"')
    answer = ask("dryrun forget person:mira with snapshots", read_only=True)
    assert [column.name for column in answer.columns] == [
        "collection", "key", "live", "versions", "vectors", "bytes", "links", "copies",
    ]  # fmt: skip
    ((*head, size, links, copies),) = answer.rows
    assert head == ["person", "mira", True, 2, 0]
    assert (links, copies) == (1, ["snapshot now"])
    assert size > 50
    assert [r[1:4] for r in ask("dryrun forget from note where true").rows] == [
        ["a", True, 1],
        ["b", True, 1],
        ["c", True, 1],
    ]
    assert ask("from person | select name").rows == [["Nora"]]
    assert ask("show forgotten").rows == []
    with pytest.raises(ConflictError, match="there is no note:zz"):
        ask("dryrun forget note:zz")


def test_it_is_a_write(ask: Ask) -> None:
    with pytest.raises(ReadOnly, match="forget writes"):
        ask("forget note:a", read_only=True)


def test_a_collection_that_was_declared_anew_is_forgotten_from_before_too(instance: Instance, rows: Rows) -> None:
    rows("drop collection archive; collection archive { key id: keyword title: text }")
    rows('put archive {id: "x", title: "one"}; drop collection archive and its records')
    rows("collection archive { key id: keyword }")
    done = row(rows, "forget archive:x")
    assert (done["records"], done["versions"]) == (1, 1)
    with instance.store.read() as view:
        assert not [key for key, _ in view.tables.bodies.scan(view.txn) if key[:4] == bytes((0, 0, 0, 4))]


def test_the_receipt_can_be_proved(instance: Instance, rows: Rows) -> None:
    rows('snapshot "s"')
    done = row(rows, "forget note:a with snapshots")
    with instance.store.read() as view:
        (receipt,) = read_receipts(view)
    shown = {
        "number": done["number"], "collection": done["collection"], "records": done["records"],
        "versions": done["versions"], "vectors": done["vectors"], "size_bytes": done["bytes"], "links": done["links"],
        "seq": done["seq"], "began_us": done["began"], "finished_us": done["finished"],
        "snapshots_rewritten": ["s"], "still_in": [],
    }  # fmt: skip
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert done["receipt"] == receipt.hash == blake3(text.encode()).hexdigest()


def test_watches_are_told_that_it_left_and_nothing_of_what_it_held(instance: Instance, rows: Rows) -> None:
    with watching(instance, "watch from note | select title") as events:
        assert len(events()) == 3
        rows("delete note:c")
        assert events() == [("leave", "c", ["delta"])]
        rows("forget note:a")
        assert events() == [("leave", "a", [None])]
        rows("delete note:b; forget note:b")  # which the watch sees at once
        assert events() == [("leave", "b", [None])]


def test_a_resumed_watch_says_nothing_of_what_it_held(instance: Instance, rows: Rows) -> None:
    seq = instance.store.seq
    rows('put note {id: "d", title: "late"}')
    with watching(instance, f"watch from note | select title after {seq}") as events:
        rows("forget note:a")
        assert events() == [("leave", "a", [None]), ("enter", "d", ["late"])]
    with watching(instance, f"watch from note | select title after {seq}") as events:
        assert events() == [("enter", "d", ["late"])]


@contextmanager
def watching(instance: Instance, text: str) -> Iterator[Callable[[], list[RowChange]]]:
    query = instance.watch(Request(text))

    def events() -> list[RowChange]:
        batch = query.next_events()
        return [] if batch is None else list(batch.changes)

    yield events
    query.close()


def test_a_read_that_began_before_is_waited_for_and_then_said(
    instance: Instance, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "VIEWS_WAIT_S", 0.05)
    began, end = threading.Event(), threading.Event()
    indexes, seq = instance.indexes, instance.store.seq
    seen: list[str] = []

    def read() -> None:
        with indexes.read() as view:
            built = CollectionIndex.build(view.store, view.catalog.collections["note"])
            began.set()
            end.wait(20)
            seen.append(view.collection("note").record(0).key)
            view.collection("note").text.words_with_prefix("title", "alph", 5)
            view.keep()
            with indexes.read_as_of(view, seq - 1) as past:
                seen.append(str(past.collection("note").text.words_with_prefix("title", "alph", 5)))
            seen.append(str(indexes._replace(built, view)))  # as a compaction would that began before

    reader = threading.Thread(target=read)
    reader.start()
    began.wait(20)
    assert row(rows, "forget note:a")["still_in"] == ["reads that began before and have not ended"]
    end.set()
    reader.join()
    assert seen[0] == "a"  # it sees what it saw, and what it does brings nothing back
    assert "alpha" in seen[1]
    assert seen[2] == "False"
    assert rows('from note | match "alpha" | select id') == []
    index = instance.store.folder / "index"
    assert [path.name for path in index.iterdir() if path.name.startswith("past-")] == []
    with indexes.read() as view, indexes.read_kept(view, seq) as kept:
        assert kept.collection("note").live_count == 2
    assert row(rows, "forget note:b")["still_in"] == []


def test_what_fails_behind_the_erasure_goes_on_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise DiskFull("the disk has no room", "free some space", 1)

    folder = tmp_path / "store"
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request('collection note { key id: keyword }; put note [{id: "a"}, {id: "b"}]'))
    with monkeypatch.context() as broken:
        broken.setattr(Store, "rewrite", full)
        with pytest.raises(
            StoreError, match="is in no answer any more, but files may still hold bytes of it: the disk"
        ):
            instance.engine.query(Request("forget note:a"))
        assert instance.engine.query(Request("from note | select id")).rows == [["b"]]
        assert instance.engine.query(Request("show forgotten")).rows[0][9] is None
    assert instance.engine.query(Request("forget note:a")).rows[0][9] is not None  # the same statement again
    with monkeypatch.context() as broken:
        broken.setattr(Store, "rewrite", full)
        with pytest.raises(PaasqError):
            instance.engine.query(Request("forget note:b"))
    instance.close()
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
    assert [each[9] is not None for each in instance.engine.query(Request("show forgotten")).rows] == [True, True]
    instance.close()


def test_what_a_repair_has_kept_is_named_or_removed(instance: Instance, rows: Rows) -> None:
    kept = instance.store.folder / "repair" / "damaged-20260101-000000.mdb"
    kept.parent.mkdir()
    kept.write_bytes(b"alpha")
    assert row(rows, "forget note:a")["still_in"] == ["repair/damaged-20260101-000000.mdb"]
    assert row(rows, "forget note:b with snapshots")["still_in"] == []
    assert not kept.exists()


def test_a_record_that_cannot_be_read_can_be_forgotten(instance: Instance, rows: Rows) -> None:
    def damage(transaction: WriteTransaction) -> None:
        key, handle = RECORD_KEY.pack(1, 1), transaction.tables.bodies.handle
        body = bytearray(transaction.txn.get(key, db=handle) or b"")
        body[-1] ^= 1
        transaction.txn.put(key, bytes(body), db=handle)

    instance.store.write(damage).result()
    assert rows("from note | select id, title") == [["a", "alpha beta"], ["c", "delta"]]
    assert row(rows, "forget note:b")["records"] == 1
    assert rows("from note | select id") == [["a"], ["c"]]


def test_a_snapshot_that_cannot_be_rewritten_is_named(instance: Instance, rows: Rows) -> None:
    rows('snapshot "whole"; snapshot "broken"')
    path = instance.store.folder / "snapshots" / "manifests" / "broken.json"
    path.write_bytes(path.read_bytes()[:-9])
    done = row(rows, "forget note:a with snapshots")
    assert done["rewritten"] == ["whole"]
    still_in = done["still_in"]
    assert isinstance(still_in, list)
    assert still_in[0].startswith("snapshot broken: ")
    assert "was changed" in still_in[1]  # so that objects that nobody needs cannot be told from those of it


def test_the_archived_journal_is_written_anew_and_leads_to_each_moment_still(
    instance: Instance, rows: Rows, tmp_path: Path
) -> None:
    rows('snapshot "one"; put note {id: "q", title: "zqcanary"}; patch note:q set title = "zqcanary two"')
    rows('put note {id: "r", title: "kept"}; snapshot "two"')
    seq = instance.store.seq
    rows('patch note:r set title = "kept two"; snapshot "three"')
    folder = instance.store.folder
    assert any("journal" in found for found in files_with(folder, [b"zqcanary"]))
    named = row(rows, "forget note:q")["still_in"]
    assert isinstance(named, list)
    assert [each.split()[1] for each in named] == ["two", "three", "archived", "archived"]
    assert row(rows, "forget note:q with snapshots")["still_in"] == []
    assert files_with(folder, [b"zqcanary"]) == []
    restore_moment(LocalStorage(folder / "snapshots"), Moment(seq=seq), tmp_path / "then")
    with Store.open(tmp_path / "then") as store, store.read() as view:
        note = view.catalog.collections["note"].id
        assert (view.seq, store.check()) == (seq, [])
        assert view.get(note, "q") is None
        kept = view.get(note, "r")
        assert kept is not None
        assert kept.version == 1


def test_a_record_that_others_write_all_the_while_is_forgotten(instance: Instance, rows: Rows) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            instance.records.put("note", [{"id": "w", "title": "again", "n": instance.store.seq}])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not rows('from note | where id == "w"'):
            pass
        assert row(rows, "forget note:w")["records"] == 1
    finally:
        stop.set()
        writer.join()


def test_a_snapshot_after_the_history_was_trimmed_is_rewritten_too(instance: Instance, rows: Rows) -> None:
    """Its journal does not know of the record, and its free pages have it."""
    rows('put note {id: "q", title: "zqcanary"}; snapshot "one"; put note {id: "r"}; delete note:q')
    instance.store.trim(instance.store.seq + 1)
    rows('snapshot "two"')
    done = row(rows, "forget note:q with snapshots")
    assert (done["rewritten"], done["still_in"]) == (["one", "two"], [])
    instance.compaction.run()  # nothing is known of it in the store, so that forget has left its pages
    assert files_with(instance.store.folder, [b"zqcanary"]) == []


@pytest.mark.parametrize(
    "pipeline",
    [
        'from note | match "word"',
        'from note | find "word"',
        'from note as of seq {seq} | match "word"',
        "from note | sort n",
    ],
)
def test_pages_do_not_go_on_over_a_forget(instance: Instance, ask: Ask, pipeline: str) -> None:
    ask('forget note:c; put note [{id: "p", title: "word"}, {id: "q", title: "word two"}, {id: "r", title: "word"}]')
    text = pipeline.format(seq=instance.store.seq) + " | select id | page 1"
    cursor = ask(text).cursor
    assert ask(f'{text} after "{cursor}"').cursor
    ask("forget person:mira")  # which the query does not read
    second = ask(f'{text} after "{cursor}"').cursor
    ask('put note {id: "s", title: "word"}; delete note:r')
    ask(f'{text} after "{second}"')
    ask("forget note:r")
    for given in (cursor, second):
        with pytest.raises(StoreError, match="something was forgotten since the first page") as refused:
            ask(f'{text} after "{given}"')
        assert refused.value.hint == "start with the first page again, without after"
    assert ask(f'{text} after "{ask(text).cursor}"').rows


def test_encrypted_snapshots_whose_key_is_unknown_are_said(instance: Instance, rows: Rows, tmp_path: Path) -> None:
    key = tmp_path / "key"
    write_key_file(key)
    place = instance.store.folder / "snapshots"
    create_snapshot(instance.store, unlock(LocalStorage(place), given_key(key, None), make=True), "sealed")
    unread = (
        f"the snapshots in {place} are encrypted "
        "(give their key: --key-file or --passphrase-file, or set PAASQ_SNAPSHOT_KEY_FILE)"
    )
    assert rows("dryrun forget note:a")[0][-1] == [unread]
    assert row(rows, "forget note:a")["still_in"] == [unread]


def test_of_a_dropped_collection_the_error_says_what_leads_there(instance: Instance, rows: Rows) -> None:
    rows(
        'drop collection archive; collection archive { key id: keyword title: text }; put archive {id: "x", title: "zq"}'
    )
    rows("drop collection archive and its records")
    with pytest.raises(
        QueryError, match="no collection archive; if it was dropped, declare a collection of that name again"
    ):
        rows("forget archive:x")
    assert row(rows, "collection archive { key id: keyword }; forget archive:x")["versions"] == 1
    rows("drop collection archive")
    assert files_with(instance.store.folder, [b"zq"]) == []
