"""A store whose files cannot be written opens for reading: everything answers, writes are refused in words, no file changes."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from faults.disks import needs_root, run
from faults.subjects import FORMAT1
from formats.reading import KeptEmbedder, extract
from paasq_daemon.instance import Instance
from paasq_daemon.services.doctor import diagnose
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import FolderInUse, PaasqError, ReadOnly, StoreError
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

SCHEMA = """
collection note { key id: keyword  title: text(en)  n: int  auto: vector(auto) from title };
put note [{id: "a", title: "alpha", n: 1}, {id: "b", title: "beta", n: 2}];
"""
ASKED = {
    "from note | sort id | select id, n": [["a", 1], ["b", 2], ["c", 3]],
    'from note | match "beta gamma" | sort id | select id': [["b"], ["c"]],
    'from note | near auto to "alpha" | take 1 | select id': [["a"]],
    "from note as of seq 2 | sort id | select id": [["a"], ["b"]],
}
WRITES = [
    'put note {id: "d"}',
    "delete note:a",
    "alter collection note add field m: int",
    "collection x { key id: keyword }",
]


def fill(folder: Path) -> None:
    for text in (SCHEMA, 'from note | match "alpha"', 'put note {id: "c", title: "gamma", n: 3}'):
        instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
        instance.engine.query(Request(text))
        instance.close()


@contextmanager
def mounted_read_only(folder: Path) -> Iterator[None]:
    run("mount", "--bind", str(folder), str(folder))
    run("mount", "-o", "remount,bind,ro", str(folder))
    try:
        yield
    finally:
        run("umount", str(folder))


@contextmanager
def without_write_modes(folder: Path) -> Iterator[None]:
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o555)
    try:
        yield
    finally:
        for path in paths:
            path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o200)


WAYS = [
    pytest.param(mounted_read_only, marks=needs_root, id="mount"),
    pytest.param(
        without_write_modes,
        marks=pytest.mark.skipif(os.geteuid() == 0, reason="root may write all files"),
        id="modes",
    ),
]


@pytest.fixture(params=WAYS)
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    fill(tmp_path / "data")
    (tmp_path / "data" / "snapshots").mkdir()
    with request.param(tmp_path / "data"):
        yield tmp_path / "data"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_answers_and_refuses_in_words(folder: Path) -> None:
    before = contents(folder)
    instance = Instance.open(folder, embedder=SmallEmbedder())
    for text, rows in ASKED.items():
        assert instance.engine.query(Request(text)).rows == rows, text
    for text in WRITES:
        with pytest.raises(ReadOnly, match="cannot be written"):
            instance.engine.query(Request(text))
    with pytest.raises(PaasqError):
        instance.snapshots.create("here")
    assert instance.status.report()["health"]["writes"]["taken"] is False
    instance.close()
    assert contents(folder) == before


def test_it_can_be_examined_and_kept_elsewhere(folder: Path, tmp_path: Path) -> None:
    assert diagnose(folder).is_sound
    instance = Instance.open(folder, embedder=SmallEmbedder())
    instance.snapshots.create("elsewhere", to=str(tmp_path / "snapshots"))
    instance.close()
    assert (tmp_path / "snapshots" / "manifests" / "elsewhere.json").exists()


@pytest.mark.parametrize("made_read_only", WAYS)
def test_a_store_of_format_1_says_that_it_must_be_copied_first(
    tmp_path: Path, made_read_only: Callable[[Path], AbstractContextManager[None]]
) -> None:
    kept = extract(FORMAT1 / "store.tar.xz", tmp_path)
    before = contents(kept)
    with made_read_only(kept):
        with pytest.raises(StoreError, match="has format 1, and is brought to the present one") as refused:
            Instance.open(kept, embedder=KeptEmbedder())
        assert "copy the folder to a disk that can be written" in str(refused.value.hint)
        assert contents(kept) == before
        copied = shutil.copytree(kept, tmp_path / "copied")
    for path in (copied, *copied.rglob("*")):
        path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o200)
    instance = Instance.open(copied, embedder=KeptEmbedder())
    assert instance.engine.query(Request("from note | summarize count()")).rows == [[26]]
    instance.close()


@needs_root
def test_one_that_a_process_writes_elsewhere_is_in_use(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    (tmp_path / "view").mkdir()
    run("mount", "--bind", str(tmp_path / "data"), str(tmp_path / "view"))
    run("mount", "-o", "remount,bind,ro", str(tmp_path / "view"))
    try:
        with Store.open(tmp_path / "data"), pytest.raises(FolderInUse):
            Store.open(tmp_path / "view")
        with Store.open(tmp_path / "view") as store, store.read() as view:
            assert view.seq
    finally:
        run("umount", str(tmp_path / "view"))


def test_the_lock_follows_no_symbolic_link(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    (tmp_path / "mine").write_text("kept")
    (tmp_path / "data" / "lock").unlink()
    (tmp_path / "data" / "lock").symlink_to(tmp_path / "mine")
    with pytest.raises(StoreError, match="symbolic link"):
        Store.open(tmp_path / "data")
    assert (tmp_path / "mine").read_text() == "kept"


def test_whatever_the_umask_no_file_is_for_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        fill(tmp_path / "data")
        instance = Instance.open(tmp_path / "data", embedder=SmallEmbedder())
        instance.snapshots.create("one")
        instance.close()
    finally:
        os.umask(before)
    modes = {str(path): stat.S_IMODE(path.lstat().st_mode) for path in (tmp_path / "data").rglob("*")}
    tantivy = {path for path in modes if "/text/" in path}  # in folders of mode 0700, which Tantivy makes its files in
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077 and path not in tantivy} == {}
