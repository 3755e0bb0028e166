"""What is interrupted: each subject is a piece of work on files, and what must hold when it was killed or its calls failed.

A new subject is one entry of SUBJECTS: every sweep takes it from there, by the tests and by `make torture`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import typer

from faults.copies import (
    archive_journal,
    delete_snapshot,
    dump,
    judge_archive_journal,
    judge_delete_snapshot,
    judge_dump,
    judge_snapshot,
    load,
    prepare_archive,
    prepare_two_snapshots,
    restore,
    snapshot,
)
from faults.notes import (
    ASKED,
    BASE,
    BASE_ROWS,
    SCHEMA,
    Acknowledge,
    Rows,
    ask,
    opened,
    prepare_store,
    put,
    rows_of,
    works_again,
)
from formats.reading import KeptEmbedder, by_collection, extract, history
from paasq_daemon.cli.doctor import doctor
from paasq_daemon.instance import Instance
from paasq_daemon.services.snapshots import verify_in
from paasq_daemon.snapshot.locate import find_storage
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import PaasqError
from paasq_daemon.wire.request import Request
from paasq_dsl.syntax.parser import parse_script

FORMAT1 = Path(__file__).parents[1] / "formats" / "format1"


@dataclass(frozen=True)
class Subject:
    """`prepare` fills a folder once; each run works on a copy. `work` says what it was acknowledged, one word each.
    `judge` raises where something acknowledged is not there, or what is there is not right, or cannot be worked with;
    it may change the folder. `exists` is False where what it needs is not built."""

    work: Callable[[Path, Acknowledge], None]
    judge: Callable[[Path, list[str]], None]
    prepare: Callable[[Path], None]
    exists: Callable[[], bool] = lambda: True


def known_statement(text: str) -> bool:
    return not parse_script(text)[1]


# Writing


def commit(folder: Path, acknowledge: Acknowledge) -> None:
    """As `put`, of the store alone: so few calls that each can be interrupted."""
    with Store.open(folder / "data") as store:
        for number in range(3):
            store.write(partial(_put_body, f"k{number}")).result()
            acknowledge(f"k{number}")


def _put_body(key: str, transaction: WriteTransaction) -> None:
    transaction.put(1, key, {1: key * 100}, {})


def judge_commit(folder: Path, acknowledged: list[str]) -> None:
    with Store.open(folder / "data") as store, store.read() as view:
        assert store.check() == []
        found = [key for key in ("k0", "k1", "k2") if view.get(1, key) is not None]
        assert set(acknowledged) <= set(found), acknowledged
    works_again(commit, folder)


def load_records(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        for part in range(3):
            keys = [f"k{part}-{number}" for number in range(50)]
            instance.records.put("note", [{"id": key, "title": key, "n": part} for key in keys])
            acknowledge("\n".join(keys))


def compact(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        for number in range(2):
            instance.records.put("note", [{"id": f"k{number}", "title": "word", "n": number}])
            acknowledge(f"k{number}")
            with suppress(PaasqError):
                instance.compaction.run()


def judge_writes(folder: Path, acknowledged: list[str]) -> None:
    rows = rows_of(folder / "data")
    assert rows[:2] == BASE_ROWS
    keys = {str(row[0]) for row in rows}
    assert set(acknowledged) <= keys, set(acknowledged) - keys
    works_again(put, folder)


def alter(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        instance.engine.query(Request("alter collection note add field twice: int = n * 2"))
        acknowledge("altered")


def judge_alter(folder: Path, acknowledged: list[str]) -> None:
    assert rows_of(folder / "data") == BASE_ROWS
    with opened(folder / "data") as instance:
        known = "twice" in instance.catalog.current().collections["note"].fields_by_name
        assert known or not acknowledged
        if not known:
            instance.engine.query(Request("alter collection note add field twice: int = n * 2"))
        assert ask(instance, "from note | sort id | select twice") == [[2], [4]]


# Forgetting the past


def prepare_history(folder: Path) -> None:
    """Replaced and deleted records, and a file of what each past moment answers."""
    prepare_store(folder)
    with opened(folder / "data") as instance:
        for number in range(12):
            instance.engine.query(Request(f'put note {{id: "k{number % 3}", title: "word{number}", n: {number}}}'))
        instance.engine.query(Request("delete note:k0"))
        last = instance.store.seq
        moments = {seq: _as_of(instance, seq) for seq in range(2, last + 1)}
    (folder / "moments.json").write_text(json.dumps(moments))


def _as_of(instance: Instance, seq: int) -> Rows:
    return ask(instance, ASKED.replace("note", f"note as of seq {seq}"))


def trim(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        instance.store.trim(instance.store.seq - 2)
        acknowledge("trimmed")


def judge_trim(folder: Path, acknowledged: list[str]) -> None:
    moments: dict[str, Rows] = json.loads((folder / "moments.json").read_text())
    last = max(map(int, moments))
    assert rows_of(folder / "data") == moments[str(last)]
    with opened(folder / "data") as instance:
        answered: list[int] = []
        for seq, rows in moments.items():
            with suppress(PaasqError):  # what was trimmed
                assert _as_of(instance, int(seq)) == rows, seq
                answered.append(int(seq))
    assert last in answered
    assert answered == list(range(answered[0], last + 1))
    assert not acknowledged or answered[0] >= last - 3, answered
    works_again(trim, folder)


FORGOTTEN = "zqforgotten"


def prepare_forget(folder: Path) -> None:
    with opened(folder / "data") as instance:
        text = f'{SCHEMA}{BASE} put note {{id: "c", title: "{FORGOTTEN}", n: 3}}; {ASKED}'
        instance.engine.query(Request(text))


def forget(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        instance.engine.query(Request("forget note:c"))
        acknowledge("forgotten")


def judge_forget(folder: Path, acknowledged: list[str]) -> None:
    rows = rows_of(folder / "data")
    assert rows[:2] == BASE_ROWS
    assert len(rows) == 2 or not acknowledged
    with suppress(PaasqError):  # there is none any more
        forget(folder, lambda _: None)
    assert rows_of(folder / "data") == BASE_ROWS
    with opened(folder / "data") as instance:
        assert ask(instance, f'from note | match title "{FORGOTTEN}"') == []
    holding = [path for path in folder.rglob("*") if path.is_file() and FORGOTTEN.encode() in path.read_bytes()]
    assert holding == []


def judge_new_folder(work: Callable[[Path, Acknowledge], None]) -> Callable[[Path, list[str]], None]:
    """What is made is whole, or absent and made by the next attempt."""

    def judge(folder: Path, acknowledged: list[str]) -> None:
        into = folder / "into"
        if not acknowledged and (not into.exists() or not any(into.iterdir())):
            works_again(work, folder)
        assert rows_of(into) == BASE_ROWS
        hidden = [path.name for path in folder.iterdir() if path.name.startswith(".")]
        assert hidden == [], "what an attempt left is removed by the next one"

    return judge


def make_store(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "into") as instance:
        instance.engine.query(Request(SCHEMA + BASE))
        acknowledge("into")


def judge_make_store(folder: Path, acknowledged: list[str]) -> None:
    if not acknowledged:
        with opened(folder / "into") as instance:
            known = instance.catalog.current().collections
            instance.engine.query(Request(BASE if "note" in known else SCHEMA + BASE))
    assert rows_of(folder / "into") == BASE_ROWS


# Mending and moving on


def prepare_damage(folder: Path) -> None:
    """A bit of a record is flipped; the snapshot has it whole."""
    prepare_store(folder)
    shutil.rmtree(folder / "data" / "index")
    path = folder / "data" / "store" / "data.mdb"
    raw = bytearray(path.read_bytes())
    places = [place for place in range(len(raw)) if raw.startswith(b"beta", place)]
    assert places
    for place in places:  # in freed pages too
        raw[place] ^= 1
    path.write_bytes(raw)


def repair(folder: Path, acknowledge: Acknowledge) -> None:
    with redirect_stdout(StringIO()) as report:
        try:
            doctor(folder / "data", repair=True, as_json=True)
        except typer.Exit:  # something could not be mended, and the report says what
            assert json.loads(report.getvalue())["sound"] is False
            return
    assert json.loads(report.getvalue())["sound"]
    acknowledge("repaired")


def judge_repair(folder: Path, acknowledged: list[str]) -> None:
    if acknowledged:
        assert rows_of(folder / "data") == BASE_ROWS
    works_again(repair, folder)
    assert rows_of(folder / "data") == BASE_ROWS
    left = [path.name for path in (folder / "data" / "repair").iterdir() if path.name.startswith("unfinished")]
    assert left == [], "what an attempt left is removed by the next one"


def prepare_format1(folder: Path) -> None:
    extract(FORMAT1 / "store.tar.xz", folder)


def upgrade(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data", KeptEmbedder()) as instance:
        instance.engine.query(Request("from jot"))
        acknowledge("opened")


def judge_upgrade(folder: Path, acknowledged: list[str]) -> None:
    """Whatever was reached of it: every version of every record is there, and the snapshots are."""
    works_again(upgrade, folder)
    expected = [json.loads(line) for line in (FORMAT1 / "history.jsonl").read_text("utf-8").splitlines()]
    with opened(folder / "data", KeptEmbedder()) as instance:
        assert instance.store.check() == []
        with instance.store.read() as view:
            found: list[Any] = json.loads(json.dumps(list(history(view))))
    assert by_collection(found) == by_collection(expected), acknowledged
    for info in json.loads((FORMAT1 / "facts.json").read_text("utf-8"))["snapshots"]:
        assert verify_in(find_storage(str(folder / "data")), info["name"], 3).findings == []


SUBJECTS: Mapping[str, Subject] = {
    "new store": Subject(make_store, judge_make_store, lambda folder: folder.mkdir()),
    "commit": Subject(commit, judge_commit, lambda folder: Store.open(folder / "data").close()),
    "put": Subject(put, judge_writes, prepare_store),
    "import": Subject(load_records, judge_writes, prepare_store),
    "compact": Subject(compact, judge_writes, prepare_history),
    "alter": Subject(alter, judge_alter, prepare_store),
    "trim": Subject(trim, judge_trim, prepare_history),
    "forget": Subject(forget, judge_forget, prepare_forget, lambda: known_statement("forget note:c")),
    "snapshot": Subject(snapshot, judge_snapshot, prepare_store),
    "archive journal": Subject(archive_journal, judge_archive_journal, prepare_store),
    "snapshot delete": Subject(delete_snapshot, judge_delete_snapshot, prepare_two_snapshots),
    "restore": Subject(restore, judge_new_folder(restore), prepare_store),
    "dump": Subject(dump, judge_dump, prepare_store),
    "load": Subject(load, judge_new_folder(load), prepare_archive),
    "repair": Subject(repair, judge_repair, prepare_damage),
    "upgrade": Subject(upgrade, judge_upgrade, prepare_format1),
}
