"""A process that writes until it is killed, and says what was acknowledged: `python writer.py folder sync threads [rewrites]`.

Each line of its output is `thread number seq`, written after the store acknowledged that put. Thread t puts the numbers
from 0 on, or from where its records end, under the keys `t-0` to `t-49` in turn, so that there are inserts and updates.
With `rewrites` the data file is rewritten again and again meanwhile.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import StoreError

KEYS = 50
COLLECTION = 1


def key_of(thread: int, number: int) -> str:
    return f"{thread}-{number % KEYS}"


def fields_of(thread: int, number: int) -> dict[int, Any]:
    return {1: number, 2: f"{thread}:{number}:" * (number % 97)}


def next_number(store: Store, thread: int) -> int:
    with store.read() as view:
        present = [view.get(COLLECTION, key_of(thread, slot)) for slot in range(KEYS)]
    return max((int(str(record.fields[1])) for record in present if record), default=-1) + 1


def write_on(store: Store, thread: int) -> None:
    number = next_number(store, thread)
    while True:
        key, fields = key_of(thread, number), fields_of(thread, number)
        try:
            seq = store.write(lambda t, key=key, fields=fields: t.put(COLLECTION, key, fields, {})).result().seq  # type: ignore[misc]  # mypy does not infer a lambda with defaults
        except StoreError:
            return
        os.write(1, f"{thread} {number} {seq}\n".encode())
        number += 1


def main() -> None:
    folder, sync, threads, *rewrites = sys.argv[1:]
    store = Store.open(Path(folder), sync=sync == "sync")
    running = [threading.Thread(target=write_on, args=(store, number)) for number in range(int(threads))]
    for thread in running:
        thread.start()
    while rewrites:  # and trims, until the kill
        store.trim(store.seq - 200)
        store.rewrite()
    for thread in running:
        thread.join()


if __name__ == "__main__":
    main()
