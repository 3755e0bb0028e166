"""Interrupts a subject at the n-th call that changes something below its folder, for n from the first to the last:

`python sweep.py SUBJECT FAULTS FOLDER STRIDE FIRST`, with the library of failing_calls.c preloaded. Each run is a child, on a
copy of the prepared folder, and so is each judgement. Prints a line of JSON for each run: null, or what went wrong.
"""

from __future__ import annotations

import ctypes
import errno
import json
import shutil
import signal
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from faults.children import ENDED, in_child, last_line
from faults.subjects import SUBJECTS, Subject
from faults.trials import Trials
from paasq_daemon.wire.errors import PaasqError

FAULTS = {  # name -> the errno, 0 for a kill; whether all later calls fail too
    "EIO once": (errno.EIO, False), "EIO from then on": (errno.EIO, True),
    "ENOSPC once": (errno.ENOSPC, False), "ENOSPC from then on": (errno.ENOSPC, True), "kill": (0, False),
}  # fmt: skip
_PASSED = 1  # it made fewer calls than n, so nothing was interrupted


def sweep(subject: Subject, fault: str, folder: Path, stride: int, first: int) -> Trials:
    """For each run null, or what went wrong; the last one ended by itself."""
    said, nth, code = folder / "said", first, ENDED
    while code != _PASSED:
        work = folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(folder / "prepared", work)
        acknowledged = folder / "acknowledged"
        acknowledged.write_text("")
        code = in_child(partial(_interrupted, subject, fault, nth, work, acknowledged), said)
        problem = None
        if code not in (ENDED, _PASSED) and not (fault == "kill" and code == -signal.SIGKILL):
            problem = f"it ended by {code}: {last_line(said)}"
        words = acknowledged.read_text().split()
        judged = in_child(partial(subject.judge, work, words), said)
        if judged != ENDED:
            problem = f"{problem or ''} judged {judged}: {last_line(said)}"
        yield problem and f"{fault}, call {nth}: {problem}"
        nth += stride


def _interrupted(subject: Subject, fault: str, nth: int, work: Path, acknowledged: Path) -> int:
    library = ctypes.CDLL(None)
    error, sticky = FAULTS[fault]
    with acknowledged.open("a", buffering=1) as file:
        library.arm(str(work).encode(), ctypes.c_long(nth), error, sticky)
        with suppress(PaasqError):
            subject.work(work, lambda words: print(words, file=file, flush=True))
        made = library.calls_made()
        library.arm(b"", ctypes.c_long(0), 0, 0)
    return _PASSED if made < nth else ENDED


def main() -> None:
    """The sweeps of several faults begin at different calls, so that those of a long stride differ."""
    name, faults, folder = sys.argv[1], sys.argv[2].split(","), Path(sys.argv[3])
    stride, first = map(int, sys.argv[4:])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    said = folder / "said"
    assert in_child(partial(SUBJECTS[name].prepare, folder / "prepared"), said) == ENDED, said.read_text()
    for number, fault in enumerate(faults):
        for problem in sweep(SUBJECTS[name], fault, folder, stride, first + number * stride // len(faults)):
            print(json.dumps(problem), flush=True)


if __name__ == "__main__":
    main()
