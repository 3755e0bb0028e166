"""Flips of bits in the other files of a data folder: each answer is the right one or an error, or the damage is named."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from faults.children import ENDED, in_child, last_line
from faults.copies import snapshot
from faults.notes import BASE_ROWS, ask, opened, rows_of
from faults.subjects import prepare_history
from faults.trials import Trials
from paasq_daemon.archive.load import load_archive
from paasq_daemon.services.snapshots import verify_in
from paasq_daemon.snapshot.locate import find_storage
from paasq_daemon.wire.errors import PaasqError

_ARCHIVE = "archive"
_FILES_OF: Mapping[str, Callable[[Path], list[Path]]] = {
    "columns and vectors": lambda folder: _below(folder / "data" / "index", but="/text/"),
    "text index": lambda folder: _below(folder / "data" / "index", only="/text/"),
    "format stamp": lambda folder: [folder / "data" / "format"],
    "snapshots": lambda folder: _below(folder / "data" / "snapshots", but="lock"),
    "archive": lambda folder: [folder / _ARCHIVE],
}
FILE_KINDS = tuple(_FILES_OF)


def flipped_files(folder: Path, seed: int, kind: str) -> Trials:
    """Without end: flip a bit of chance in one file of that kind. What went wrong, None where it was found or did no harm."""
    said, prepared, work = folder / "said", folder / "prepared", folder / "work"
    assert in_child(partial(_prepare, prepared), said) == ENDED, said.read_text()
    chance = random.Random(seed)
    judge = {"snapshots": _judge_snapshots, "archive": _judge_archive}.get(kind, _judge_store)
    while True:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(prepared, work)
        path = chance.choice([path for path in _FILES_OF[kind](work) if path.stat().st_size])
        raw = bytearray(path.read_bytes())
        place, bit = chance.randrange(len(raw)), chance.randrange(8)
        raw[place] ^= 1 << bit
        path.write_bytes(raw)
        code = in_child(partial(judge, work), said)
        name = path.relative_to(work)
        yield None if code == ENDED else f"bit {bit} of byte {place} of {name}: {code}, {last_line(said)}"


def _prepare(folder: Path) -> None:
    prepare_history(folder)
    with opened(folder / "data") as instance:
        assert ask(instance, 'from note | match "word10"')  # so that there is a text index
        instance.archives.dump(folder / _ARCHIVE, history=True)
    snapshot(folder, lambda _: None)


def _judge_store(folder: Path) -> None:
    try:
        rows = rows_of(folder / "data")
    except PaasqError:
        return
    assert rows[:2] == BASE_ROWS
    assert [row[0] for row in rows] == ["a", "b", "k1", "k2"]


def _judge_snapshots(folder: Path) -> None:
    storage = find_storage(str(folder / "data"))
    found = 0
    for name in ("first", "second"):
        try:
            found += len(verify_in(storage, name).findings)
        except PaasqError:
            found += 1
    assert found, "both snapshots verify"


def _judge_archive(folder: Path) -> None:
    try:
        load_archive(folder / _ARCHIVE, folder / "into")
    except PaasqError:
        assert not (folder / "into").exists()
        return
    assert rows_of(folder / "into") == rows_of(folder / "data")


def _below(folder: Path, *, only: str = "", but: str = "\0") -> list[Path]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("lock"))
    return [path for path in paths if only in str(path.relative_to(folder.parent)) and but not in str(path)]
