"""Snapshots: how fast a data file is captured, verified and restored, what a small change costs, and what queries notice."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from bench.figures import Figure
from bench.timing import Timing, measure
from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.journal_archive import archive_journal
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.manifest import read_manifest
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.snapshot.object_store import ObjectStore
from paasq_daemon.snapshot.page_packing import PAGE_BYTES
from paasq_daemon.snapshot.page_table import read_table
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.restore_moment import restore_moment
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.damage import find_damage
from paasq_daemon.store.record import encode_record
from paasq_daemon.store.store import Store
from paasq_daemon.store.transaction_log import read_transactions

_VECTOR_BYTES = 1536  # 384 float32
_BATCH = 5_000
_READ_S, _READS_MAX = 2.0, 1_000_000  # the whole time: a capture has several parts


def snapshots(folder: Path, records: int) -> Iterator[list[Figure]]:
    """Megabytes are of the data file, 10**6 bytes, whatever of it is new."""
    storage = LocalStorage(folder / "kept")
    with Store.open(folder / "data", sync=False) as store:
        words = _fill(store, records)
        megabytes = (folder / "data" / "store" / "data.mdb").stat().st_size / 1e6
        group = f"snapshots of {records:,} records, {megabytes:,.0f} MB"

        def rate(name: str, work: Callable[[], object]) -> Figure:
            started_s = time.perf_counter()
            work()
            return Figure(group, name, "MB/s", megabytes / (time.perf_counter() - started_s))

        def damage() -> None:
            with store.read() as view:
                assert not find_damage(view)

        plain = CreateOptions(verify=False)
        yield [
            rate("check every record (part of each capture)", damage),
            rate("capture, all new", lambda: create_snapshot(store, storage, "first", plain)),
            rate("capture, nothing new", lambda: create_snapshot(store, storage, "same", plain)),
            rate("capture, 1,000 records changed", lambda: _change_and_capture(store, storage, words)),
            rate("verify, every hash", lambda: verify_snapshot(storage, "first")),
            rate("restore", lambda: restore_snapshot(storage, "first", folder / "restored")),
        ]
        yield [Figure(group, "new bytes over changed pages", "x", _growth(storage))]
        yield _archive(store, storage, folder, max(_BATCH, records // 10))
        alone = measure(lambda number: _read(store, number), _READ_S, _READS_MAX)
        meanwhile = _while_capturing(store, storage)
        yield [Figure(group, "p95 of a get while capturing, over alone", "x", meanwhile.p95_ms / alone.p95_ms)]


def _fill(store: Store, records: int) -> list[str]:
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(3, 9))) for _ in range(5_000)]
    for start in range(0, records, _BATCH):
        todo = [
            (f"k{n:07}", {1: " ".join(chance.choices(words, k=60)), 2: n}, {3: chance.randbytes(_VECTOR_BYTES)})
            for n in range(start, min(start + _BATCH, records))
        ]
        store.write(lambda t, todo=todo: [t.put(1, *each) for each in todo]).result()  # type: ignore[misc]  # mypy does not infer a lambda with defaults
    return words


def _change_and_capture(store: Store, storage: LocalStorage, words: list[str]) -> None:
    with store.read() as view:
        last = view.next_ordinal(1)
    keys = [f"k{n:07}" for n in random.Random(2).sample(range(last), min(1_000, last))]
    store.write(lambda t: [t.put(1, key, {1: words[0]}, {}) for key in keys]).result()
    create_snapshot(store, storage, "changed", CreateOptions(verify=False))


def _growth(storage: LocalStorage) -> float:
    before, after = read_manifest(storage, "same"), read_manifest(storage, "changed")
    tables = [read_table(ObjectStore(storage), each.tables, each.page_count) for each in (before, after)]
    old, new = tables
    changed = sum(n >= len(old) or old.hash_of(n) != new.hash_of(n) for n in range(len(new)))
    return after.new_bytes / (changed * PAGE_BYTES)


def _archive(store: Store, storage: LocalStorage, folder: Path, records: int) -> list[Figure]:
    """Megabytes are of records and vectors as they were written, after the last snapshot."""
    create_snapshot(store, storage, "archived", CreateOptions(verify=False))
    before = store.seq
    _fill(store, records)
    with store.read() as view:
        logged = list(read_transactions(view, before))
        written = sum(len(encode_record(each)) for one in logged for each in one.records.values())
        written += sum(len(vector) for one in logged for vector in one.vectors.values())
    times_s = [time.perf_counter()]
    done = archive_journal(store, storage)
    assert done is not None
    times_s.append(time.perf_counter())
    restore_moment(storage, Moment(seq=before), folder / "snapshot alone")
    times_s.append(time.perf_counter())
    restore_moment(storage, Moment(seq=store.seq), folder / "by the archive")
    times_s.append(time.perf_counter())
    archiving_s, alone_s, both_s = (end - start for start, end in pairwise(times_s))
    group = f"archived journal of {records:,} records, {written / 1e6:,.0f} MB"
    return [
        Figure(group, "archive", "MB/s", written / 1e6 / archiving_s),
        Figure(group, "redo, checked, beyond its snapshot's restore", "MB/s", written / 1e6 / (both_s - alone_s)),
        Figure(group, "bytes of the archive over bytes written", "x", done.size_bytes / written),
    ]


def _read(store: Store, number: int) -> None:
    with store.read() as view:
        for n in range(20):
            view.get(1, f"k{(number * 7919 + n) % 10_000:07}")


def _while_capturing(store: Store, storage: LocalStorage) -> Timing:
    stopped = threading.Event()

    def capture() -> None:
        number = 0
        while not stopped.is_set():
            create_snapshot(store, storage, f"busy{number}", CreateOptions(verify=False))
            number += 1

    thread = threading.Thread(target=capture)
    thread.start()
    try:
        return measure(lambda number: _read(store, number), _READ_S, _READS_MAX)
    finally:
        stopped.set()
        thread.join()
