"""The daemon has the whole data file read, and says what is damaged: it never crashes by it, nor answers wrong silently."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import lmdb
import pytest

from daemon.process import PAASQ, Daemon
from faults.flip_reader import tree_pages
from paasq_daemon.instance import Instance
from paasq_daemon.store.check_stamp import CheckStamp, read_stamp
from paasq_daemon.store.layout import COLLECTION_KEY, JOURNAL_KEY, PAGE_BYTES, RECORD_KEY
from paasq_daemon.store.open_data_file import WALKED_BYTES_MAX, DamagedPages
from paasq_daemon.wire.errors import ConflictError, CorruptRecord, PaasqError, StoreError
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

BODY_CHARACTERS = 1_500
RECORDS = 16_000
FOUND_S = 60.0
_BOUNDS_AT = 12  # of a page's header: where its node pointers end


@contextmanager
def opened(folder: Path, walk_s_max: float | None = 1.0) -> Iterator[Instance]:
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False, walk_s_max=walk_s_max)
    try:
        yield instance
    finally:
        instance.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that is too large for its pages to be walked at each start."""
    folder = tmp_path_factory.mktemp("large") / "data"
    chance = random.Random(1)
    with opened(folder) as instance:
        instance.engine.query(Request("collection note { key id: keyword  body: keyword  n: int }"))
        for first in range(0, RECORDS, 1_000):
            instance.records.put("note", [row(number, chance) for number in range(first, first + 1_000)])
    assert data_file(folder).stat().st_size > WALKED_BYTES_MAX
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


@pytest.fixture
def daemon(folder: Path) -> Iterator[Daemon]:
    served = Daemon(folder)
    yield served
    served.end()


def row(number: int, chance: random.Random) -> dict[str, object]:
    return {"id": f"k{number:05}", "body": chance.randbytes(BODY_CHARACTERS // 2).hex(), "n": number}


def data_file(folder: Path) -> Path:
    return folder / "store" / "data.mdb"


def damage_page(folder: Path) -> None:
    """Flip a bit in the bounds of a page in the middle of a tree."""
    pages = tree_pages(data_file(folder))
    at = pages[len(pages) // 2] * PAGE_BYTES + _BOUNDS_AT
    with data_file(folder).open("r+b") as file:
        was = os.pread(file.fileno(), 1, at)[0]
        os.pwrite(file.fileno(), bytes([was ^ 0x40]), at)


def change_entry(folder: Path, table: bytes, key: bytes, change: Callable[[bytes], bytes | None]) -> None:
    """Change or remove an entry without the counters: what a flip that no page shows would do."""
    with lmdb.open(str(folder / "store"), max_dbs=16) as environment:
        db = environment.open_db(table, create=False)
        with environment.begin(write=True) as txn:
            value = change(txn.get(key, db=db) or b"")
            assert txn.delete(key, db=db) if value is None else txn.put(key, value, db=db)


def flipped(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])


def test_a_page_that_is_damaged_while_it_is_served_ends_answers_and_not_the_daemon(
    daemon: Daemon, folder: Path
) -> None:
    daemon.start()
    damage_page(folder)
    with daemon.client() as client:
        until_s = time.monotonic() + FOUND_S
        while (health := client.health())["ok"]:
            assert time.monotonic() < until_s, daemon.log
            time.sleep(0.1)
        assert "damaged pages" in health["problems"][0]
        assert not health["writes"]["taken"]
        assert health["checked"] == {"pages": None, "entries": None}
        for ask in (
            lambda: client.query("from note | count"),
            lambda: client.get("note", "k00001"),
            lambda: client.put("note", {"id": "new"}),
        ):
            with pytest.raises(PaasqError, match="damaged pages"):
                ask()
    assert daemon.running
    shown = subprocess.run([*PAASQ, "status", "--data", str(folder)], capture_output=True, text=True, check=False)
    assert shown.returncode == 1
    assert shown.stdout.startswith("problem: the data file has damaged pages")
    assert "nothing is answered or written any more" in daemon.log
    daemon.stop()
    again = subprocess.run([*PAASQ, "serve", "--data", str(folder)], capture_output=True, text=True, check=False)
    assert again.returncode == 1, "it is not served as if it were sound"
    assert "damaged pages" in again.stderr


def test_a_page_that_was_damaged_before_the_start_is_found_by_it(folder: Path) -> None:
    damage_page(folder)
    with pytest.raises(DamagedPages), opened(folder, walk_s_max=None):
        pass


def test_a_record_that_can_not_be_found_any_more_is_not_answered_as_absent(folder: Path) -> None:
    change_entry(folder, b"live", COLLECTION_KEY.pack(1) + b"k00007", lambda _: None)
    with opened(folder) as instance:
        assert instance.records.get("note", "k00007") is None, "nothing knows it before the scrub"
        instance.scrub.run(time.time())
        health = instance.health.report()
        assert health["problems"] == ["entries of note are lost, or removed ones came back"]
        assert health["checked"]["entries"] is None
        with pytest.raises(CorruptRecord, match="note:k00007 may be one of them"):
            instance.records.get("note", "k00007")
        assert instance.records.get("note", "k00008") is not None
        answer = instance.engine.query(Request("from note | where n < 9 | select id"))
        assert (answer.complete, answer.reason) == (False, "damaged")


def test_a_damaged_record_is_named_and_left_out(folder: Path) -> None:
    with opened(folder) as instance, instance.store.read() as view:
        ordinal = view.ordinal(1, "k00007")
    assert ordinal is not None
    change_entry(folder, b"bodies", RECORD_KEY.pack(1, ordinal), flipped)
    with opened(folder) as instance:
        instance.scrub.run(time.time())
        assert instance.health.report()["problems"] == ["note:k00007 is damaged"]
        answer = instance.engine.query(Request("from note | where n < 9 | select id"))
        assert (len(answer.rows), answer.reason) == (8, "damaged")
        instance.records.put("note", [{"id": "k00007"}])
        instance.scrub.run(time.time())
        assert instance.health.report()["problems"] == ["a past version in note (ordinal 7) is damaged"]


def test_a_lost_entry_of_the_journal_is_found(folder: Path) -> None:
    change_entry(folder, b"journal2", JOURNAL_KEY.pack(5, 1), lambda _: None)
    with opened(folder) as instance:
        instance.scrub.run(time.time())
        assert instance.health.report()["problems"] == ["entries of the journal are lost"]


def test_writes_in_between_are_no_damage(folder: Path) -> None:
    stop = threading.Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        while not stop.is_set():
            with suppress(ConflictError):  # it was deleted before
                instance.engine.query(Request(f"delete note:k{chance.randrange(RECORDS):05}"))
            instance.records.put("note", [row(chance.randrange(RECORDS), chance) for _ in range(20)])

    with opened(folder) as instance:
        writers = [threading.Thread(target=write, args=(seed,)) for seed in range(2)]
        for writer in writers:
            writer.start()
        try:
            until_s = time.monotonic() + float(os.environ.get("PAASQ_SCRUB_S", "5"))
            while time.monotonic() < until_s:
                instance.scrub.run(time.time())
                assert instance.health.report()["problems"] == []
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        assert instance.health.report()["checked"]["entries"] is not None
        assert instance.store.check() == []


def test_a_scrub_is_due_once_a_day(folder: Path) -> None:
    with opened(folder) as instance:
        now_s = time.time()
        instance.scrub.run_due(now_s)
        assert read_stamp(folder).entries_s == now_s
        assert (folder / "checked").stat().st_mode & 0o777 == 0o600
        instance.scrub.run_due(now_s + 86_000)
        assert read_stamp(folder).entries_s == now_s
        instance.scrub.run_due(now_s + 86_401)
        assert read_stamp(folder).entries_s == now_s + 86_401


def test_a_scrub_that_can_not_be_done_is_told_and_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(folder) as instance:
        now_s = time.time()
        with monkeypatch.context() as patched:
            patched.setattr("sys.executable", "/bin/false")
            instance.scrub.run_due(now_s)
        assert instance.health.report()["problems"][0].startswith("scrub: the process that reads the data file ended")
        instance.scrub.run_due(now_s + 60)
        assert not instance.health.report()["ok"]
        instance.scrub.run_due(now_s + 3_600)
        assert instance.health.report()["ok"]


def stamped(folder: Path) -> Path:
    """After a start that walked the pages."""
    with opened(folder, walk_s_max=None):
        pass
    assert read_stamp(folder).pages_s is not None
    return folder


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"pages_s": 1}', b'{"pages_s": "x", "entries_s": null}', b"\xff"]
)
def test_a_damaged_stamp_says_never(folder: Path, content: bytes) -> None:
    (folder / "checked").write_bytes(content)
    assert read_stamp(folder) == CheckStamp()
    stamped(folder)


def test_a_file_that_was_walked_within_a_day_is_trusted_and_an_older_stamp_is_not(folder: Path) -> None:
    damage = stamped(folder) / "checked"
    damage_page(folder)
    with opened(folder, walk_s_max=None):
        pass
    stamp = json.loads(damage.read_bytes())
    damage.write_text(json.dumps(stamp | {"pages_s": stamp["pages_s"] - 86_400}))
    with pytest.raises(DamagedPages), opened(folder, walk_s_max=None):
        pass


def test_the_stamp_of_another_file_is_not_trusted(folder: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(stamped(folder), tmp_path / "copied"))
    damage_page(copied)
    with pytest.raises(DamagedPages), opened(copied, walk_s_max=None):
        pass


def test_after_a_kill_the_pages_are_walked(daemon: Daemon, folder: Path) -> None:
    """What it died of may be a damaged page, and it would die of that again."""
    stamped(folder)
    daemon.start()
    daemon.kill()
    damage_page(folder)
    with pytest.raises(DamagedPages), opened(folder, walk_s_max=None):
        pass


def test_after_damage_was_found_no_open_is_too_short_to_find_it(folder: Path) -> None:
    with opened(folder, walk_s_max=0.0) as instance:
        damage_page(folder)
        instance.scrub.run(time.time())
        assert not instance.health.report()["ok"]
    with pytest.raises(DamagedPages), opened(folder, walk_s_max=0.0):
        pass


def test_an_open_of_a_program_takes_a_second_at_most_for_it(folder: Path) -> None:
    with opened(folder, walk_s_max=0.0) as instance:
        assert instance.health.report()["checked"]["pages"] is None
    assert read_stamp(folder) == CheckStamp()


def test_what_fails_in_the_background_is_told(folder: Path) -> None:
    with opened(folder) as instance:
        (folder / "snapshots").mkdir()
        (folder / "snapshots" / "schedule.json").write_text("{")
        instance.upkeep.run_due(time.time())
        instance.compaction.problem = "the disk does not shrink: no room"
        instance.retention.problem = "note cannot be indexed"
        with instance.store._writer.paused():
            instance.store._writer.refuse(StoreError("the disk is failing", "look after it"))
        assert [problem.split(":")[0] for problem in instance.health.report()["problems"]] == [
            "the disk is failing", "snapshots", "compaction", "retention",
        ]  # fmt: skip
        (folder / "snapshots" / "schedule.json").unlink()
