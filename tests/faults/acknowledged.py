"""Starting the writer, and holding what it was acknowledged against what the store has."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from faults.trials import Trials
from faults.writer import COLLECTION, fields_of, key_of
from paasq_daemon.store.store import Store

Acknowledged = dict[int, tuple[int, int]]  # thread -> its last number, the seq of that


def start_writer(folder: Path, *, sync: bool, threads: int = 3, rewrites: bool = False) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("writer.py")
    return subprocess.Popen(
        [sys.executable, str(script), str(folder), "sync" if sync else "nosync", str(threads), *(["rewrites"] * rewrites)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def read_acknowledged(writer: subprocess.Popen[str], lines: int | None = None) -> Acknowledged:
    """Read so many lines, or all up to the end; a last line that the kill cut short was not said."""
    assert writer.stdout is not None
    last: Acknowledged = {}
    for count, line in enumerate(writer.stdout, start=1):
        if line.endswith("\n"):
            thread, number, seq = map(int, line.split())
            last[thread] = (number, seq)
        if count == lines:
            break
    return last


def lost_writes(store: Store, acknowledged: Acknowledged) -> list[str]:
    """What was acknowledged and is not there, and what is there and is not what was written."""
    lost = []
    with store.read() as view:
        for thread, (last, seq) in acknowledged.items():
            if view.seq < seq:
                lost.append(f"the store is at {view.seq}, and {seq} was acknowledged")
            for number in range(max(0, last - 49), last + 1):  # the last 50 are under 50 keys
                record = view.get(COLLECTION, key_of(thread, number))
                found = -1 if record is None else int(str(record.fields[1]))
                if record is None or found < number:
                    lost.append(f"thread {thread}: {number} was acknowledged, and {found} is there")
                elif record.fields != fields_of(thread, found):
                    lost.append(f"thread {thread}: {number} is not as it was written")
    return lost


def kills_while_writing(folder: Path, seed: int, *, rewrites: bool = False) -> Trials:
    """Without end: three threads write, beside one that `rewrites` the data file again and again, until a kill -9 at a moment of
    chance. What was lost, None where nothing was."""
    chance = random.Random(seed)
    while True:
        writer = start_writer(folder, sync=True, rewrites=rewrites)
        acknowledged = read_acknowledged(writer, lines=chance.randrange(1, 100))
        time.sleep(chance.random() / 50)  # so that the kill falls anywhere in a commit
        writer.kill()
        acknowledged |= read_acknowledged(writer)
        writer.wait()
        assert acknowledged
        with Store.open(folder) as store:
            lost = lost_writes(store, acknowledged) + [str(finding) for finding in store.check()]
            store.trim(store.seq - 10)  # so that the audit of a long run stays short
        yield "; ".join(lost[:3]) or None
