"""`make siege`: every bomb alone, then forty at once for some minutes, against a real daemon, while small requests are timed.
The exit code is 1 where a limit was broken.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import Cancelled, PaasqError
from paasq_daemon.wire.request import Budget, Request
from siege.watchers import ASKED, watching
from workers.bombs import BOMBS, NOTES, notes

TIME_MS = 200.0
AT_ONCE = 40
ANSWER_MS_MAX, LATE_MS_MAX, CANCEL_MS_MAX, MEMORY_SHARE_MAX = 100.0, 50.0, 50.0, 1.1


@dataclass
class Outcome:
    """Of one siege: milliseconds, except where said."""

    late: list[float] = field(default_factory=list)
    cancelled: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def count(self, error: PaasqError | None) -> None:
        name = "answered" if error is None else type(error).__name__
        self.errors[name] = self.errors.get(name, 0) + 1


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=10.0)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="paasq-siege-") as folder, _daemon(Path(folder)) as (socket, process):
        sys.exit(_siege(socket, process, 60 * given.minutes))


def _siege(socket: Path, process: subprocess.Popen[bytes], seconds: float) -> int:
    with Client.connect(socket) as client:
        client.request(Request(NOTES))
        client.call("put", {"collection": "note", "records": notes(3_000)})
    with watching(socket) as peace:
        time.sleep(5)
    before, workers = _memory_mb(process.pid), _workers(process.pid)
    broken = _table("in peace", {}, peace, None)
    alone = Outcome()
    with watching(socket) as found:
        for name, text in BOMBS.items():
            ms = _throw(socket, text, alone)
            print(f"    {name:<42} {ms:8.0f} ms", flush=True)
    broken += _table("each alone", alone.errors, found, alone)
    many = Outcome()
    with watching(socket) as found:
        threads = [
            threading.Thread(target=_throw_on, args=(socket, many, time.monotonic() + seconds, i))
            for i in range(AT_ONCE)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    broken += _table(f"{AT_ONCE} at once", many.errors, found, many)
    time.sleep(3)
    after = _memory_mb(process.pid)
    print(
        f"memory of the daemon: {before:.0f} MB before, {after:.0f} MB after; "
        f"{len(_workers(process.pid) - workers)} of {len(workers)} workers are others now"
    )
    broken += after > before * MEMORY_SHARE_MAX
    print("every limit holds" if not broken else f"{broken} limits are broken")
    return int(broken > 0)


def _throw_on(socket: Path, outcome: Outcome, until_s: float, seed: int) -> None:
    rng = random.Random(seed)
    texts = list(BOMBS.values())
    while time.monotonic() < until_s:
        if rng.random() < 0.2:
            _cancel(socket, rng.choice(texts), outcome)
        else:
            _throw(socket, rng.choice(texts), outcome)


def _throw(socket: Path, text: str, outcome: Outcome) -> float:
    """How long the answer took, from the client's side."""
    with Client.connect(socket) as client:
        began_s = time.perf_counter()
        try:
            client.request(Request(text, budget=Budget(time_ms=TIME_MS)))
            outcome.count(None)
        except PaasqError as error:
            outcome.count(error)
        took = (time.perf_counter() - began_s) * 1000
        outcome.late.append(max(0.0, took - TIME_MS))
        return took


def _cancel(socket: Path, text: str, outcome: Outcome) -> None:
    token = CancellationToken()
    cancelled_s: list[float] = []

    def cancel() -> None:
        cancelled_s.append(time.perf_counter())
        token.cancel()

    timer = threading.Timer(0.1, cancel)
    with Client.connect(socket) as client:
        timer.start()
        try:
            client.request(Request(text), token)
        except Cancelled:
            outcome.cancelled.append((time.perf_counter() - cancelled_s[0]) * 1000)
        except PaasqError as error:
            outcome.count(error)
        finally:
            timer.cancel()


def _table(what: str, errors: dict[str, int], found: object, outcome: Outcome | None) -> int:
    """Print a part; how many limits were broken."""
    from siege.watchers import Latencies

    assert isinstance(found, Latencies)
    print(f"\n{what}: {', '.join(f'{count} {name}' for name, count in sorted(errors.items())) or 'nothing asked'}")
    broken = 0
    for name in ASKED:
        p50, p99, worst = (found.percentile(name, share) for share in (0.5, 0.99, 1.0))
        is_over = name != "query" and p99 > ANSWER_MS_MAX
        broken += is_over
        print(
            f"  {name:<8} p50 {p50:7.1f}  p99 {p99:7.1f}  worst {worst:7.1f} ms of {len(found.seconds[name])}{'  OVER' if is_over else ''}"
        )
    if found.errors:
        print(f"  {len(found.errors)} of these failed, such as {found.errors[0]}")
        broken += 1
    if outcome is not None:
        for name, values, most in (("late", outcome.late, LATE_MS_MAX), ("cancel", outcome.cancelled, CANCEL_MS_MAX)):
            if values:
                ordered = sorted(values)
                p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
                broken += p99 > most
                print(
                    f"  {name:<8} p50 {ordered[len(ordered) // 2]:7.1f}  p99 {p99:7.1f}  worst {ordered[-1]:7.1f} ms of {len(ordered)}"
                    f"{'  OVER' if p99 > most else ''}"
                )
    return broken


@contextmanager
def _daemon(folder: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    socket = folder / "paasq.sock"
    command = [sys.executable, "-m", "paasq_daemon", "serve", "--data", str(folder / "data"), "--socket", str(socket)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while not socket.exists():
            time.sleep(0.05)
        yield socket, process
    finally:
        process.terminate()
        process.wait()


def _memory_mb(pid: int) -> float:
    """Resident, of the daemon's own process."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _workers(pid: int) -> set[int]:
    """Of the process that the daemon has started."""
    children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    found = (Path(f"/proc/{child}/task/{child}/children").read_text().split() for child in children)
    return {int(each) for part in found for each in part}


if __name__ == "__main__":
    main()
