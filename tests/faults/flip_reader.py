"""Flips bits of a data file, and reads it in a child each: `python flip_reader.py FOLDER SEED AIM BALLAST [COUNT]`.

AIM is `anywhere`, or `structure`: LMDB's own parts of the pages in use, which are page headers, pointers to nodes, the heads of
nodes, and both file headers. BALLAST MiB of large records make the file longer than one whose pages are walked at each start.
Prints a line of JSON for each flip: outcome, place, bit. A child is needed because LMDB may crash or loop on what it finds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Iterator
from functools import partial
from itertools import count, islice
from pathlib import Path
from struct import Struct

from paasq_daemon.store.data_file_header import newest_meta
from paasq_daemon.store.layout import PAGE_BYTES
from paasq_daemon.store.page_walk import _Walk, walk_data_file
from paasq_daemon.store.record import Record
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import PaasqError

RIGHT, REPORTED, WRONG = "right", "reported by the read", "silently wrong"
ABSENT_LIVE, ABSENT_DEAD = (
    "live entry absent, seen by paasq doctor only",
    "dead vector absent, seen by paasq doctor only",
)
RAW = "not one of our errors"
OUTCOMES = [RIGHT, REPORTED, ABSENT_LIVE, ABSENT_DEAD, WRONG, RAW]
CRASHED = "crashed"
SECONDS_MAX = 10
FIRST_PAGE, TREE_PAGES = 2, 0x03  # of the flags of a page: a branch or a leaf
PAGE_HEADER = Struct("<Q2xHI")  # number, flags, count of pages if it is one of large values
FILE_HEADER_BYTES, PAGE_HEADER_BYTES, NODE_HEADER_BYTES = 152, 16, 8
KEYS = [f"k{n}" for n in range(300)]
Contents = tuple[int, dict[str, Record | None], list[Record], list[bytes | None], list[str]]


def make(folder: Path, ballast_mib: int) -> None:
    with Store.open(folder, sync=False) as store:
        for number in range(ballast_mib):
            store.write(partial(put_ballast, f"b{number}")).result()
        for part in range(6):
            keys = KEYS[part * 40 : part * 40 + 100]
            store.write(partial(put_all, keys)).result()
        store.write(lambda t: [t.delete(1, k) for k in KEYS[::10]]).result()


def put_all(keys: list[str], transaction: WriteTransaction) -> None:
    for key in keys:
        transaction.put(1, key, {1: key * 40, 2: 7}, {3: key.encode() * 4})


def put_ballast(key: str, transaction: WriteTransaction) -> None:
    transaction.put(2, key, {1: key * (2**20 // len(key))}, {})


def read(store: Store) -> Contents:
    with store.read() as view:
        keys = {key: view.get(1, key) for key in KEYS}
        journal = [repr(entry) for entry in view.journal(0)]
        live = [*view.scan(1), *view.scan(2)]
        return view.seq, keys, live, list(view.vectors(1, 3, range(600))), journal


def judge(folder: Path, expected: Contents) -> str:
    try:
        with Store.open(folder, sync=False) as store:
            try:
                found = read(store)
            except PaasqError:
                return REPORTED
            outcome = compare(found, expected)
            seen = outcome == RIGHT or store.check() or walk_data_file(folder / "store" / "data.mdb").faults
            return outcome if seen else WRONG
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
    ordinals = {record.ordinal for record in expected[2] if not record.key.startswith("b")}
    gone = {place for place, vector in enumerate(vectors) if vector != expected[3][place]}
    return ABSENT_LIVE if keys != expected[1] or gone & ordinals else ABSENT_DEAD


def tree_pages(path: Path) -> list[int]:
    """The pages of trees that the newest transaction reaches: those that LMDB searches."""
    raw = path.read_bytes()
    with path.open("rb") as file:
        walk = _Walk(file.fileno(), newest_meta(path), None)
        walk.run(None)
    found, page = [], FIRST_PAGE
    while page < len(walk._used):
        _, flags, overflow_pages = PAGE_HEADER.unpack_from(raw, page * PAGE_BYTES)
        is_overflow = bool(walk._used[page]) and flags & TREE_PAGES == 0
        if walk._used[page] and not is_overflow:
            found.append(page)
        page += overflow_pages if is_overflow else 1
    return found


def aim(raw: bytes, pages: list[int], chance: random.Random) -> int:
    """A byte of a file or page header, of a pointer to a node, or of the head of a node."""
    page = chance.choice(pages)
    start = page * PAGE_BYTES
    if page < FIRST_PAGE:
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


def flips(folder: Path, seed: int, aimed_at: str, ballast_mib: int) -> Iterator[tuple[str, int, int]]:
    """Without end: what came of a flip, its place and bit."""
    make(folder, ballast_mib)
    with Store.open(folder, sync=False) as store:
        expected = read(store)
    data = folder / "store" / "data.mdb"
    original = data.read_bytes()
    pages = [0, 1, *tree_pages(data)]
    chance = random.Random(seed)
    with data.open("r+b", buffering=0) as file:
        for number in count(1):
            place = aim(original, pages, chance) if aimed_at == "structure" else chance.randrange(len(original))
            bit = chance.randrange(8)
            os.pwrite(file.fileno(), bytes([original[place] ^ 1 << bit]), place)
            yield in_a_child(folder, expected), place, bit
            os.pwrite(file.fileno(), original[place : place + 1], place)
            os.ftruncate(file.fileno(), len(original))  # a header that names more pages lets LMDB make it longer
            if number % 500 == 0:
                assert data.read_bytes() == original, "reading changed the file"


def in_a_child(folder: Path, expected: Contents) -> str:
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS_MAX)
        try:
            os._exit(OUTCOMES.index(judge(folder, expected)))
        except BaseException:  # noqa: BLE001  # a child must not run on as the parent
            traceback.print_exc()
            os._exit(OUTCOMES.index(RAW))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return OUTCOMES[code] if code >= 0 else f"{CRASHED} by signal {-code}"


def main() -> None:
    folder, seed, aimed_at, ballast_mib, *number = sys.argv[1:]
    found = flips(Path(folder), int(seed), aimed_at, int(ballast_mib))
    for outcome in islice(found, int(number[0]) if number else None):
        print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main()
