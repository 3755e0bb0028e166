"""kill -9 while three threads write: nothing acknowledged is lost, and the store passes its audit.

20 kills; PAASQ_KILL_LOOPS=200 or `make torture` for longer runs.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from faults.acknowledged import kills_while_writing

LOOPS = int(os.environ.get("PAASQ_KILL_LOOPS", "20"))


def test_kill_9_loses_nothing_acknowledged(tmp_path: Path) -> None:
    assert list(islice(kills_while_writing(tmp_path / "data", 1), LOOPS)) == [None] * LOOPS
