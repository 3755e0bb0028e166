"""`make siege`: every bomb alone, then forty at once for some minutes, against a real daemon, while small requests are timed.
The exit code is 1 where a limit was broken.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from paasq_daemon.wire.client import Client
from paasq_daemon.wire.request import Request
from siege.bombers import Thrown, throw_each, throw_many
from siege.watchers import ASKED, Latencies, watching
from workers.bombs import NOTES, notes

AT_ONCE = 40
PEACE_S = 5.0
ANSWER_MS_MAX, LATE_MS_MAX, CANCEL_MS_MAX = 100.0, 50.0, 50.0  # of 99 in 100
QUERY_TIMES_MAX, MEMORY_TIMES_MAX = 2.0, 1.1


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=10.0)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="paasq-siege-") as folder, _daemon(Path(folder)) as (socket, pid):
        sys.exit(siege(socket, pid, 60 * given.minutes))


def siege(socket: Path, pid: int, seconds: float) -> int:
    """Print the tables; 1 where a limit was broken."""
    with Client.connect(socket) as client:
        client.request(Request(NOTES))
        client.call("put", {"collection": "note", "records": notes(3_000)})
        client.request(Request("from note | take 1"))
    with watching(socket) as peace:
        time.sleep(PEACE_S)
    before, workers = _memory_mb(pid), _workers(pid)
    _print_latencies("in peace", peace)
    with watching(socket) as found:
        thrown = throw_each(socket)
    broken = _print_part("each alone", peace, found, thrown)
    with watching(socket) as found:
        thrown = throw_many(socket, AT_ONCE, seconds)
    broken += _print_part(f"{AT_ONCE} at once", peace, found, thrown)
    time.sleep(PEACE_S)
    after = _memory_mb(pid)
    broken += after > before * MEMORY_TIMES_MAX
    print(
        f"\nmemory of the daemon: {before:.0f} MB before, {after:.0f} MB after; {len(_workers(pid))} workers, ", end=""
    )
    print(f"{len(_workers(pid) - workers)} of them others than before")
    print(f"{broken} limits are broken" if broken else "every limit holds")
    return int(broken > 0)


def _print_part(what: str, peace: Latencies, found: Latencies, thrown: Thrown) -> int:
    """How many limits were broken."""
    _print_latencies(f"{what}: {', '.join(f'{count} {name}' for name, count in thrown.answers.most_common())}", found)
    broken = len(found.errors)
    for name in ASKED:
        most = max(QUERY_TIMES_MAX * peace.percentile(name, 0.99), ANSWER_MS_MAX if name != "query" else 0.0)
        broken += _is_over(name, found.percentile(name, 0.99), most)
    for name, values, most in (("late", thrown.late_ms, LATE_MS_MAX), ("cancel", thrown.cancel_ms, CANCEL_MS_MAX)):
        if values:
            print(
                f"  {name:<8} p50 {_share(values, 0.5):8.1f}  p99 {_share(values, 0.99):8.1f}  worst {max(values):8.1f} ms"
            )
            broken += _is_over(name, _share(values, 0.99), most)
    return broken


def _print_latencies(title: str, found: Latencies) -> None:
    print(f"\n{title}")
    for name in ASKED:
        p50, p99, worst = (found.percentile(name, share) for share in (0.5, 0.99, 1.0))
        print(
            f"  {name:<8} p50 {p50:8.1f}  p99 {p99:8.1f}  worst {worst:8.1f} ms of {len(found.seconds[name])}",
            flush=True,
        )
    for error in found.errors[:3]:
        print(f"  failed: {error}")


def _is_over(name: str, found_ms: float, most_ms: float) -> bool:
    if found_ms > most_ms:
        print(f"  {name} is over its limit: {found_ms:.1f} ms where {most_ms:.1f} are allowed")
    return found_ms > most_ms


def _share(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@contextmanager
def _daemon(folder: Path) -> Iterator[tuple[Path, int]]:
    socket = folder / "paasq.sock"
    command = [sys.executable, "-m", "paasq_daemon", "serve", "--data", str(folder / "data"), "--socket", str(socket)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while not socket.exists():
            time.sleep(0.05)
        yield socket, process.pid
    finally:
        process.terminate()
        process.wait()


def _memory_mb(pid: int) -> float:
    """Resident, of the daemon's own process."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _workers(pid: int) -> set[int]:
    """The processes that were made by the one that the daemon has started."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
    return {child for child, parent in parents.items() if parents.get(parent) == pid}


if __name__ == "__main__":
    main()
