"""kill -9 while three threads write: nothing acknowledged is lost, and the store passes its audit.

20 kills; PAASQ_KILL_LOOPS=200 or 10000 for longer runs.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

from faults.acknowledged import lost_writes, read_acknowledged, start_writer
from paasq_daemon.store.store import Store

LOOPS = int(os.environ.get("PAASQ_KILL_LOOPS", "20"))


def test_kill_9_loses_nothing_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(1)
    for loop in range(LOOPS):
        writer = start_writer(tmp_path / "data", sync=True)
        acknowledged = read_acknowledged(writer, lines=chance.randrange(1, 100))
        time.sleep(chance.random() / 50)  # so that the kill falls anywhere in a commit
        writer.kill()
        acknowledged |= read_acknowledged(writer)
        writer.wait()
        assert acknowledged
        with Store.open(tmp_path / "data") as store:
            assert lost_writes(store, acknowledged) == [], f"kill {loop}"
            assert store.check() == [], f"kill {loop}"
            if loop % 10 == 9:
                store.trim(store.seq - 10)  # so that the audit of a long run stays short
