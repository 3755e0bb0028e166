"""Clients that read and write a few keys of a daemon at once while it is killed, and the history of what they were answered."""

from __future__ import annotations

import itertools
import random
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from daemon.process import Daemon
from faults.trials import Trials
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import ConflictError, DaemonUnavailable
from torture.histories import Act, Answered, Operation, out_of_sequence, unexplained, wrote

SCHEMA = "collection item { key id: keyword  n: int }"
KEYS = tuple(f"k{number}" for number in range(4))
CLIENTS = 6
JOIN_S = 60.0
_RETRY_S = 0.02
_SHOWN = 3  # problems of one history
_MOMENTS = 30  # of the past that are asked for at the end


@dataclass
class History:
    """`readings` are the whole collections that were read, with their sequence numbers, `changes` the answered ones by a rule,
    with the keys that they changed. Appending is safe in any thread."""

    operations: list[Operation] = field(default_factory=list)
    readings: list[tuple[int, dict[str, int]]] = field(default_factory=list)
    changes: list[tuple[Operation, set[str]]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class OneClient:
    """Asks one thing after another. The values that it writes are its own, so that each write can be told from all others."""

    def __init__(self, daemon: Daemon, number: int, seed: int, history: History) -> None:
        self._daemon = daemon
        self._chance = random.Random(f"{seed}-{number}")
        self._next_value = number
        self._history = history
        self._seen: dict[str, int] = {}  # by key the last value read, to expect at a swap

    def run(self, stopped: threading.Event) -> None:
        """Until it is stopped, through all ends and starts of the daemon."""
        while not stopped.is_set():
            try:
                with self._daemon.client() as client:
                    while not stopped.is_set():
                        self._ask(client)
            except DaemonUnavailable:
                stopped.wait(_RETRY_S)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is the outcome of the history
                self._history.failures.append(repr(error))
                return

    def _ask(self, client: Client) -> None:
        key = self._chance.choice(KEYS)
        reads, writes = [self._get, self._get_by_query, self._read_all], [self._put, self._swap]
        asks = [*reads, *writes, *writes, self._delete, self._change]
        self._chance.choice(asks)(client, key)

    def _value(self) -> int:
        self._next_value += CLIENTS
        return self._next_value

    def _get(self, client: Client, key: str) -> None:
        def get() -> tuple[Answered, int | None]:
            record = client.get("item", key)
            return Answered(None if record is None else record["n"]), None

        self._do(Operation(key, Act.GET, 0, 0), get)

    def _get_by_query(self, client: Client, key: str) -> None:
        def get() -> tuple[Answered, int | None]:
            answer = client.query("from item | where id == $key | select n", key=key)
            return Answered(answer[0].n if answer.rows else None), answer.seq

        self._do(Operation(key, Act.GET, 0, 0), get)

    def _read_all(self, client: Client, _: str) -> None:
        asked = time.monotonic()
        answer = client.query("from item | select id, n")
        ended = time.monotonic()
        rows = {row.id: row.n for row in answer}
        self._history.readings.append((answer.seq, rows))
        self._history.operations += [
            Operation(key, Act.GET, asked, ended, answer=Answered(rows.get(key)), seq=answer.seq) for key in KEYS
        ]

    def _put(self, client: Client, key: str) -> None:
        value = self._value()

        def put() -> tuple[Answered, int | None]:
            return Answered(), client.put("item", {"id": key, "n": value}).seq

        self._do(Operation(key, Act.PUT, 0, 0, value), put)

    def _swap(self, client: Client, key: str) -> None:
        value, expected = self._value(), self._seen.get(key, 0)
        text = f"patch item:{key} set n = $value expect n == $expected"
        wanted = Operation(key, Act.SWAP, 0, 0, value, expected)
        self._do(wanted, lambda: _done(client.query(text, value=value, expected=expected)))

    def _delete(self, client: Client, key: str) -> None:
        self._do(Operation(key, Act.DELETE, 0, 0), lambda: _done(client.query(f"delete item:{key}")))

    def _change(self, client: Client, _: str) -> None:
        """By one statement, all that leave the same by division by 3; each key is an operation of its own."""
        value, rest = self._value(), self._chance.randrange(3)
        asked = time.monotonic()
        try:
            answer = client.query("patch item where n % 3 == $rest set n = $value", rest=rest, value=value)
        except DaemonUnavailable:
            self._note_change(Operation("", Act.CHANGE, asked, time.monotonic(), value, rest), {})
            raise
        patched = {key for row in answer for key in row["keys"]}
        found = Operation("", Act.CHANGE, asked, time.monotonic(), value, rest, seq=answer.seq)
        self._history.changes.append((found, patched))
        self._note_change(found, {key: Answered(done=key in patched) for key in KEYS})

    def _note_change(self, found: Operation, answers: Mapping[str, Answered]) -> None:
        self._history.operations += [replace(found, key=key, answer=answers.get(key)) for key in KEYS]

    def _do(self, wanted: Operation, ask: Callable[[], tuple[Answered, int | None]]) -> None:
        asked = time.monotonic()
        answer: Answered | None = None
        seq: int | None = None
        try:
            answer, seq = ask()
        except ConflictError:
            answer = Answered(done=False)
        finally:
            found = replace(wanted, asked=asked, ended=time.monotonic(), answer=answer, seq=seq)
            self._history.operations.append(found)
        if found.act is Act.GET and answer.value is not None:
            self._seen[found.key] = answer.value


def _done(answer: Answer) -> tuple[Answered, int]:
    return Answered(done=answer[0].records == 1), answer.seq


def histories(folder: Path, seed: int) -> Trials:
    """Without end: a history of clients under kills, in a new store. What no order explains."""
    for number in itertools.count(seed):
        daemon = Daemon(folder / f"{number}")
        try:
            history = recorded(daemon, number)
            yield "; ".join(problems_of(history, daemon, random.Random(number))[:_SHOWN]) or None
        finally:
            daemon.end()
            shutil.rmtree(daemon.folder)


def stale_histories(folder: Path, seed: int) -> Trials:
    """As `histories`, with one answer replaced by an older one; the daemon itself is asked nothing at the end."""
    for number in itertools.count(seed):
        daemon = Daemon(folder / f"{number}")
        try:
            history = recorded(daemon, number)
        finally:
            daemon.end()
        stale = with_a_stale_read(history.operations, random.Random(number))
        yield None if stale is None or not unexplained(stale) else "the stale answer was found"


def recorded(daemon: Daemon, seed: int, *, kills: int = 3, seconds: float = 2.0) -> History:
    """The daemon is started, killed so often, `seconds` apart at most, and runs in the end."""
    chance, history, stopped = random.Random(seed), History(), threading.Event()
    daemon.start()
    with daemon.client() as client:
        client.query(SCHEMA)
    clients = [OneClient(daemon, number, seed, history) for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.run, args=(stopped,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        for _ in range(kills):
            time.sleep(seconds * (0.2 + 0.8 * chance.random()))
            daemon.kill()
            daemon.start()
        time.sleep(seconds / 2)
    finally:
        stopped.set()
        for thread in threads:
            thread.join(JOIN_S)
    assert not any(thread.is_alive() for thread in threads), "a client waits for a daemon that was killed"
    return history


def problems_of(history: History, daemon: Daemon, chance: random.Random) -> list[str]:
    """What a sound store would not have answered."""
    problems = list(history.failures)
    for key, operations in unexplained(history.operations).items():
        problems.append(f"no order explains the {len(operations)} operations on {key}")
    problems += out_of_sequence(history.operations)
    with daemon.client() as client:
        for seq, rows in chance.sample(history.readings, min(_MOMENTS, len(history.readings))):
            if (past := past_rows(client, seq)) != rows:
                problems.append(f"the answer at {seq} was {rows}, and as of {seq} it is {past}")
        for change, keys in history.changes:
            before = past_rows(client, (change.seq or 0) - bool(keys))
            if fitting := {key for key, n in before.items() if n % 3 == change.expected} ^ keys:
                problems.append(f"{change} was done where {before}, and chose wrongly of {fitting}")
        written = [operation for operation in history.operations if operation.seq is not None and wrote(operation)]
        for operation in chance.sample(written, min(_MOMENTS, len(written))):
            past = past_rows(client, operation.seq or 0)
            if past.get(operation.key) != (None if operation.act is Act.DELETE else operation.value):
                problems.append(f"{operation} was acknowledged, and as of its sequence number there is {past}")
    return problems


def past_rows(client: Client, seq: int) -> dict[str, int]:
    return {row.id: row.n for row in client.query(f"from item as of seq {seq} | select id, n")}


def with_a_stale_read(operations: list[Operation], chance: random.Random) -> list[Operation] | None:
    """The same history, in which one read answers what had been overwritten before it was asked; None where none can."""
    gets = [number for number, operation in enumerate(operations) if operation.act is Act.GET and operation.answer]
    for number in chance.sample(gets, len(gets)):
        read = operations[number]
        before = [o for o in operations if o.key == read.key and o.act is Act.PUT and o.answer and o.ended < read.asked]
        last = max(before, key=lambda operation: operation.ended, default=None)
        stale = [o for o in before if last is not None and o.ended < last.asked]
        if stale:
            altered = replace(read, answer=Answered(chance.choice(stale).value))
            return [*operations[:number], altered, *operations[number + 1 :]]
    return None
