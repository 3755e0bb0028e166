"""Flips bits of a data file, one at a time, and reads it in a child each: `python flip_reader.py folder count seed [aimed]`.

With `aimed` all flips fall on LMDB's own parts: page headers, pointers to nodes, the heads of nodes, and both file headers.
Prints a JSON object with the count of each outcome. A child is needed because LMDB may crash or loop on what it finds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
from collections import Counter
from functools import partial
from pathlib import Path

from paasq_daemon.store.layout import PAGE_BYTES
from paasq_daemon.store.record import Record
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import PaasqError

RIGHT, REPORTED, WRONG = "right", "reported by the read", "silently wrong"
ABSENT_LIVE, ABSENT_DEAD = "live entry absent, seen by the audit only", "dead vector absent, seen by the audit only"
RAW = "not one of our errors"
OUTCOMES = [RIGHT, REPORTED, ABSENT_LIVE, ABSENT_DEAD, WRONG, RAW]
CRASHED = "crashed"
SECONDS_MAX = 10
FILE_HEADER_BYTES, PAGE_HEADER_BYTES, NODE_HEADER_BYTES = 152, 16, 8
KEYS = [f"k{n}" for n in range(300)]
Contents = tuple[int, dict[str, Record | None], list[Record], list[bytes | None], list[str]]


def make(folder: Path) -> None:
    with Store.open(folder, sync=False) as store:
        for part in range(6):
            keys = KEYS[part * 40 : part * 40 + 100]
            store.write(partial(put_all, keys)).result()
        store.write(lambda t: [t.delete(1, k) for k in KEYS[::10]]).result()


def put_all(keys: list[str], transaction: WriteTransaction) -> None:
    for key in keys:
        transaction.put(1, key, {1: key * 40, 2: 7}, {3: key.encode() * 4})


def read(store: Store) -> Contents:
    with store.read() as view:
        keys = {key: view.get(1, key) for key in KEYS}
        journal = [repr(entry) for entry in view.journal(0)]
        return view.seq, keys, list(view.scan(1)), list(view.vectors(1, 3, range(600))), journal


def judge(folder: Path, expected: Contents) -> str:
    try:
        with Store.open(folder, sync=False) as store:
            try:
                found = read(store)
            except PaasqError:
                return REPORTED
            outcome = compare(found, expected)
            return WRONG if outcome != RIGHT and not store.check() else outcome
    except PaasqError:
        return REPORTED


def compare(found: Contents, expected: Contents) -> str:
    """What is there and differs is wrong, whatever the audit says; only what is absent is left to the audit."""
    if found == expected:
        return RIGHT
    seq, keys, live, vectors, journal = found
    if (seq, live, journal) != (expected[0], expected[2], expected[4]):
        return WRONG
    if any(record is not None and record != expected[1][key] for key, record in keys.items()):
        return WRONG
    if any(vector is not None and vector != was for vector, was in zip(vectors, expected[3], strict=True)):
        return WRONG
    ordinals = {record.ordinal for record in expected[2]}
    gone = {place for place, vector in enumerate(vectors) if vector != expected[3][place]}
    return ABSENT_LIVE if keys != expected[1] or gone & ordinals else ABSENT_DEAD


def aim(raw: bytes, chance: random.Random) -> int:
    """A byte of a file or page header, of a pointer to a node, or of the head of a node."""
    page = chance.randrange(len(raw) // PAGE_BYTES)
    start = page * PAGE_BYTES
    if page < 2:
        return start + chance.randrange(FILE_HEADER_BYTES)
    lower = int.from_bytes(raw[start + 12 : start + 14], "little")
    pointers = range(start + PAGE_HEADER_BYTES, start + min(lower, PAGE_BYTES), 2)
    part = chance.randrange(3) if pointers else 0
    if part == 0:
        return start + chance.randrange(PAGE_HEADER_BYTES)
    pointer = chance.choice(pointers)
    if part == 1:
        return pointer + chance.randrange(2)
    node = start + int.from_bytes(raw[pointer : pointer + 2], "little") + chance.randrange(NODE_HEADER_BYTES)
    return min(node, len(raw) - 1)


def main() -> None:
    folder, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    make(folder)
    with Store.open(folder, sync=False) as store:
        expected = read(store)
    data = folder / "store" / "data.mdb"
    original = data.read_bytes()
    aimed = sys.argv[4:] == ["aimed"]
    chance = random.Random(seed)
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        damaged = bytearray(original)
        place, bit = aim(original, chance) if aimed else chance.randrange(len(original)), chance.randrange(8)
        damaged[place] ^= 1 << bit
        data.write_bytes(damaged)
        child = os.fork()
        if child == 0:
            signal.alarm(SECONDS_MAX)
            try:
                os._exit(OUTCOMES.index(judge(folder, expected)))
            except BaseException:  # noqa: BLE001  # a child must not run on as the parent
                traceback.print_exc()
                os._exit(OUTCOMES.index(RAW))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        outcome = OUTCOMES[code] if code >= 0 else CRASHED
        outcomes[outcome] += 1
        if outcome in (WRONG, ABSENT_LIVE, RAW, CRASHED):
            print(outcome, place, bit, code, file=sys.stderr)
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
