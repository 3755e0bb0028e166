"""Fails the n-th call below a folder that opens, writes, syncs, renames or removes, for n from 1 to the last: once, and for ever.

`python sweep.py SCENARIO FOLDER STRIDE`, with the library of failing_calls.c preloaded. Prints a JSON object: how many runs
there were, and what went wrong in which. Each run is a child, so that it ends with whatever it broke.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from paasq_daemon.instance import Instance
from paasq_daemon.services.snapshots import restore_from, verify_in
from paasq_daemon.snapshot.locate import find_storage
from paasq_daemon.wire.errors import PaasqError
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

SCHEMA = "collection note { key id: keyword  title: text(en)  n: int };"
BASE = 'put note [{id: "a", title: "alpha", n: 1}, {id: "b", title: "beta", n: 2}];'
ASKED = "from note | sort id | select id, title, n"
SECONDS_MAX = 30
_ENDED, _RAW = 0, 9

Acknowledge = Callable[[str], None]


@contextmanager
def opened(folder: Path) -> Iterator[Instance]:
    instance = Instance.open(folder, embedder=SmallEmbedder())
    with closing(instance):
        yield instance


def put(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        for number in range(4):
            instance.engine.query(Request(f'put note {{id: "k{number}", title: "word{number}", n: {number}}}'))
            acknowledge(f"k{number}")


def load(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        for part in range(3):
            keys = [f"k{part}-{number}" for number in range(50)]
            instance.records.put("note", [{"id": key, "title": key, "n": part} for key in keys])
            acknowledge("\n".join(keys))


def snapshot(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        instance.snapshots.create("second")
        acknowledge("second")


def restore(folder: Path, acknowledge: Acknowledge) -> None:
    restore_from(find_storage(str(folder / "data")), "first", folder / "into")
    acknowledge("into")


def compact(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        for number in range(2):
            instance.records.put("note", [{"id": f"k{number}", "title": "word", "n": number}])
            acknowledge(f"k{number}")
            with suppress(PaasqError):
                instance.compaction.run()


def prepare(folder: Path) -> int:
    with opened(folder / "data") as instance:
        instance.engine.query(Request(SCHEMA + BASE + ASKED))
        instance.snapshots.create("first")
    return _ENDED


def rows_of(folder: Path) -> dict[str, list[object]]:
    with opened(folder) as instance:
        assert instance.store.check() == []
        found = instance.engine.query(Request(ASKED))
        assert found.complete, found.reason
        assert all(instance.records.get("note", str(row[0])) for row in found.rows)
        return {str(row[0]): row for row in found.rows}


def judge(scenario: str, folder: Path, acknowledged: list[str]) -> int:
    """0. Raises where something acknowledged is not there, or the store does not work."""
    rows = rows_of(folder / "data")
    assert rows["a"] == ["a", "alpha", 1]
    assert rows["b"] == ["b", "beta", 2]
    if scenario in ("put", "load", "compact"):
        assert set(acknowledged) <= rows.keys(), set(acknowledged) - rows.keys()
    if scenario == "snapshot":
        storage = find_storage(str(folder / "data"))
        for name in ("first", *acknowledged):
            assert verify_in(storage, name, 3).findings == [], name
    if scenario == "restore":
        into = folder / "into"
        if not acknowledged and (not into.exists() or not any(into.iterdir())):
            restore_from(find_storage(str(folder / "data")), "first", into)  # what is left does not stand in its way
        assert set(rows_of(into)) == {"a", "b"}
    again: list[str] = []
    if scenario != "restore" and not (scenario == "snapshot" and has_second(folder)):
        SCENARIOS[scenario](folder, again.append)
        assert again
    return _ENDED


def has_second(folder: Path) -> bool:
    return (folder / "data" / "snapshots" / "manifests" / "second.json").exists()


SCENARIOS: dict[str, Callable[[Path, Acknowledge], None]] = {
    "put": put, "load": load, "snapshot": snapshot, "restore": restore, "compact": compact,
}  # fmt: skip


def in_child(work: Callable[[], int]) -> int:
    """The exit code; negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        code = _RAW
        try:
            import signal  # noqa: PLC0415  # of the child

            signal.alarm(SECONDS_MAX)
            code = work()
        except BaseException:  # noqa: BLE001  # a child must not run on as the parent
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def sweep(scenario: str, folder: Path, stride: int) -> dict[str, object]:
    library = ctypes.CDLL(None)
    said = folder / "said"
    wrong: list[str] = []
    runs = 0
    for sticky in (0, 1):
        nth, last = 1, False
        while not last:
            work = folder / "work"
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(folder / "prepared", work)
            said.write_text("")

            def run(nth: int = nth, sticky: int = sticky, work: Path = work) -> int:
                with said.open("a", buffering=1) as acknowledged:
                    library.arm(str(work).encode(), ctypes.c_long(nth), sticky)
                    with suppress(PaasqError):
                        SCENARIOS[scenario](work, lambda keys: print(keys, file=acknowledged, flush=True))
                    made = library.calls_made()
                    library.arm(b"", ctypes.c_long(0), 0)
                    return 1 if made < nth else _ENDED

            code = in_child(run)
            last = code == 1
            acknowledged = said.read_text().split()
            judged = in_child(partial(judge, scenario, work, acknowledged))
            if code not in (_ENDED, 1) or judged:
                wrong.append(f"call {nth}, {'for ever' if sticky else 'once'}: the run {code}, the judgement {judged}")
            runs, nth = runs + 1, nth + stride
    return {"runs": runs, "wrong": wrong}


def main() -> None:
    scenario, folder, stride = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    folder.mkdir(exist_ok=True)
    assert in_child(partial(prepare, folder / "prepared")) == _ENDED
    print(json.dumps(sweep(scenario, folder, stride)))


if __name__ == "__main__":
    main()
