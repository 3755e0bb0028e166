"""Finding what is damaged in a large store that is in use, in a process that holds no interpreter that answers queries."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from paasq_daemon.store.damage import find_damage
from paasq_daemon.store.lmdb_environment import open_readonly
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.tables import open_tables
from paasq_daemon.wire.errors import StoreError

_NICENESS = 10


class DamageProcess:
    """One search by `find_damage`, of a transaction that this process has open until `wait` has returned."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @classmethod
    @contextmanager
    def start(cls, store_folder: Path) -> Iterator[Self]:
        """It ends with the block, or with this process. Raises StoreError where no process can be started."""
        try:
            process = subprocess.Popen(  # noqa: S603  # this very interpreter, without a shell
                [sys.executable, "-P", "-m", "paasq_daemon.store.damage_process", str(store_folder)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # else its threads wait busily for work that never comes
            )  # fmt: skip
        except OSError as error:
            raise _failed(f"cannot be started: {error.strerror}") from error
        with process:
            try:
                yield cls(process)
            finally:
                process.kill()

    def get_ready(self) -> None:
        """Wait until it is as quick to begin as it can be. Call it once, first."""
        self._read()

    def begin(self, transaction_id: int) -> None:
        """Let it open the newest transaction, which has this number. Call it while nothing is written."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"%d\n" % transaction_id)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # that it ended is read next
        self._read()

    def wait(self) -> list[str]:
        """What `find_damage` found. Raises StoreError where it did not come to an end."""
        found: list[str] = json.loads(self._read())
        return found

    def _read(self) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise _failed(f"ended with {self._process.wait()}")
        return line


def _failed(how: str) -> StoreError:
    return StoreError(
        f"the process that reads all entries of the store {how}",
        "make the snapshot again; where that fails, too, stop what has the store open and run `paasq doctor`",
    )


def main() -> None:
    """Search the folder that the first argument names, in the transaction that standard input names; write a line when ready, one
    when that is open, and one with the result."""
    gc.disable()  # nothing here is part of a cycle
    _say("ready")
    transaction_id = int(sys.stdin.buffer.readline())
    with closing(open_readonly(Path(sys.argv[1]))) as environment:
        tables = open_tables(environment)
        with environment.begin() as txn:
            if txn.id() != transaction_id:
                raise StoreError("another transaction was written", "this is a fault of paasq")
            _say("open")
            os.nice(_NICENESS)
            _say(json.dumps(find_damage(ReadView(txn, tables))))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
