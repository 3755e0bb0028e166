"""What was forgotten is in no file: canaries in keys, texts, objects and vectors, of live, replaced and deleted versions."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults.killed import kills
from faults.raw_files import documents, files_with, needles_of, texts_with
from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import ConflictError
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder, plain_vector

SCHEMA = """
collection note { key id: keyword  title: text(en)  body: text  n: int unique  tags: [keyword]  about: link<note>
                  from: {name: text  mail: keyword}  given: vector(4)  made: vector(auto) from title };
collection other { key id: keyword  title: text(en) };
"""
FIRST, SECOND, OLD, GONE = "kanari1", "kanari2", "kanari3", "kanari4"  # the words of each kind begin with these
VECTORS = [[0.8125, 0.1875, 7.0625, 3.3125], [0.3125, 9.0625, 0.5625, 1.9375]]
STRIDE = int(os.environ.get("PAASQ_FAULT_STRIDE", "61"))
FORGET = [
    "forget note:kanari1 with snapshots",
    "forget note:kanari4 with snapshots",
    'forget from note where tags has "kanari2" with snapshots',
]


def record(word: str, n: int, vector: list[float], body: str = "") -> str:
    return (
        f'{{id: "{word}", title: "{word}title", body: "{body or word + "body"}", n: {n}, tags: ["{word}", "x{n}"], '
        f'from: {{name: "{word}name", mail: "{word}@mail"}}, given: {vector}}}'
    )


SCRIPT = [
    f"put note {record(FIRST, 1, VECTORS[0], OLD + 'body')}",
    f"put note {record(GONE, 4, VECTORS[0])}",
    'put note {id: "kept", title: "a kept title", body: "kept body", n: 9, given: [1, 0, 0, 0]}',
    'put other {id: "o", title: "a kept title"}',
    'snapshot "first" ',
    f"put note {record(FIRST, 1, VECTORS[1])}",
    f"put note {record(SECOND, 2, VECTORS[1])}",
    f"delete note:{GONE}",
    *(f'put note {{id: "k{n}", title: "title {n}", n: {100 + n}}}' for n in range(30)),
    'snapshot "second"',
]
WORDS = [FIRST, SECOND, OLD, GONE]
NEEDLES = needles_of(WORDS, [*VECTORS, *(plain_vector(word + "title") for word in WORDS)])


@contextmanager
def opened(folder: Path) -> Iterator[Instance]:
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
    try:
        yield instance
    finally:
        instance.close()


def ask(instance: Instance, text: str) -> list[list[object]]:
    return instance.engine.query(Request(text)).rows


def use_all(instance: Instance) -> None:
    """Fill what is derived and what is kept: text, vectors, past states and pages."""
    seq = instance.store.seq
    for text in (
        'from note | match "title" | select id, _score',
        "from note | near given to [1, 1, 1, 1] | take 5",
        "from note | near made to note:kept | take 5",
        "from note | sort n | page 1",
        *(f'from note as of seq {at} | match "kanari1title" | select id' for at in range(seq - 5, seq)),
    ):
        ask(instance, text)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forget") / "filled"
    with opened(folder) as instance:
        for text in (SCHEMA, *SCRIPT):
            ask(instance, text)
        use_all(instance)
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "data"))


def check_sound(instance: Instance) -> None:
    assert instance.store.check() == []
    assert ask(instance, 'from note | match "kept" | select id') == [["kept"]]
    assert ask(instance, 'from other | match "kept" | select id') == [["o"]]


def check_forgotten(folder: Path) -> None:
    assert files_with(folder, NEEDLES) == []
    assert texts_with(folder, [word + end for word in WORDS for end in ("title", "body", "name")]) == []


def test_the_search_finds_what_is_there(folder: Path) -> None:
    found = files_with(folder, NEEDLES)
    for needle in NEEDLES[:4]:
        assert any(each.startswith("store/data.mdb") and each.endswith(repr(needle)) for each in found), needle
    places = {each.partition(":")[0].split("/")[0] for each in found}
    assert places == {"store", "index", "snapshots"}
    assert texts_with(folder, ["kanari1title", "kanari2body"])
    vectors = [needle for needle in NEEDLES[4:] if any(each.endswith(repr(needle)) for each in found)]
    assert len(vectors) > 6, "vectors as given, of length 1, and those that were made"


def test_nothing_is_left_in_any_file(folder: Path) -> None:
    with opened(folder) as instance:
        use_all(instance)
        rows = [ask(instance, text) for text in FORGET]
        use_all(instance)
        check_forgotten(folder)  # of a store that is open
        check_sound(instance)
        assert [row[0][2:4] for row in rows] == [[1, 2], [1, 1], [1, 1]]  # records and versions of each
        assert [row[0][-2] for row in rows] == [[], [], []]  # still in
        assert rows[0][0][-3] == ["first", "second"]
        assert ask(instance, "show forgotten") == [row[0] for row in rows]
        for name in ("first", "second"):
            assert instance.snapshots.verify(name, 3).findings == []
    check_forgotten(folder)
    with opened(folder) as instance:
        use_all(instance)
        check_sound(instance)
    check_forgotten(folder)


def test_without_snapshots_those_that_hold_it_are_named(folder: Path) -> None:
    with opened(folder) as instance:
        both = ["snapshot first", "snapshot second", "the archived journal 10-73"]
        assert ask(instance, f"forget note:{FIRST}")[0][-2] == both
        assert ask(instance, f'forget from note where tags has "{SECOND}"')[0][-2] == both[1:]
        assert ask(instance, f"forget note:{GONE}")[0][-2] == both
        ask(instance, 'snapshot "third"')
        for name in ("first", "second"):
            instance.snapshots.delete(name)
        check_sound(instance)
    check_forgotten(folder)  # so that the third took no page of theirs


def test_snapshots_can_be_rewritten_later(folder: Path) -> None:
    with opened(folder) as instance:
        ask(instance, ";".join(FORGET).replace(" with snapshots", ""))
        assert ask(instance, f"forget note:{FIRST} with snapshots")[0][2:4] == [0, 0]
        assert ask(instance, f"dryrun forget note:{SECOND} with snapshots")[0][2:4] == [False, 0]
        assert ask(instance, f"forget note:{SECOND} with snapshots")[0][-3] == ["second"]
        assert ask(instance, f"forget note:{GONE} with snapshots")[0][-3] == ["first", "second"]
        count = len(ask(instance, "show forgotten"))
        with pytest.raises(ConflictError, match="there is no note:kanari1"):
            ask(instance, f"forget note:{FIRST} with snapshots")
        assert len(ask(instance, "show forgotten")) == count == 6
        check_sound(instance)
    check_forgotten(folder)


def test_a_rewritten_snapshot_is_what_it_was_without_them(folder: Path, tmp_path: Path) -> None:
    with opened(folder) as instance:
        before = {info.name: info for info in instance.snapshots.list()}
        ask(instance, ";".join(FORGET))
        after = {info.name: info for info in instance.snapshots.list()}
        assert list(after) == ["first", "second"]
        for name, info in after.items():
            assert (info.seq, info.created) == (before[name].seq, before[name].created)
            assert info.labels[0].startswith("rewritten ")
        instance.snapshots.restore("first", tmp_path / "restored")
    with opened(tmp_path / "restored") as restored:
        check_sound(restored)
        assert ask(restored, "from note | select id") == [["kept"]]
        assert ask(restored, "from note as of seq 2 | select id") == []
    check_forgotten(tmp_path)


def test_killed_at_any_step_it_goes_on(filled: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(filled, folder)

    def forget() -> None:
        with opened(folder) as instance:
            for text in FORGET[:2]:
                ask(instance, text)

    states: set[int] = set()
    for step in kills(forget, STRIDE):
        with opened(folder) as instance:
            receipts = ask(instance, "show forgotten")
            assert all(receipt[9] is not None for receipt in receipts), step  # each is finished
            states.add(len(receipts))
            check_sound(instance)
            for text in FORGET[len(receipts) :]:
                ask(instance, text)
            for name in ("first", "second"):
                assert instance.snapshots.verify(name, 3 if step % 5 == 0 else 1).findings == [], step
            check_sound(instance)
        check_forgotten(folder)
        assert {path.name for path in folder.iterdir()} == {"format", "index", "lock", "snapshots", "store"}, step
        assert sorted(path.name for path in (folder / "store").iterdir() if "forget" in path.name) == []
        shutil.rmtree(folder)
        shutil.copytree(filled, folder)
    assert states == {0, 1, 2}


def test_the_text_index_has_the_others(folder: Path) -> None:
    with opened(folder) as instance:
        ask(instance, ";".join(FORGET))
        use_all(instance)
    assert documents(folder / "index" / "1") & set(range(35)) == {2, *range(5, 35)}
