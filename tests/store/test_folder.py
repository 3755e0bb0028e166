"""The data folder: its lock, its modes, its format, and a data file that is not what it was."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import FolderInUse, FormatTooNew, StoreError


def fill(folder: Path, count: int = 200) -> int:
    with Store.open(folder, sync=False) as store:
        store.write(lambda t: [t.put(1, f"k{n}", {1: "x" * 500}, {}) for n in range(count)]).result()
        return store.seq


def test_only_the_owner_gets_in(tmp_path: Path) -> None:
    fill(tmp_path / "a" / "data")
    for path in [tmp_path / "a" / "data", *(tmp_path / "a" / "data").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_folder_of_other_things_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match="holds other files"):
        Store.open(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_second_opener_learns_who_has_it(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", sync=False) as store:
        with pytest.raises(FolderInUse, match=f"process {os.getpid()}"):
            Store.open(tmp_path / "data")
        store.publish_socket(Path("/run/paasq.sock"))
        script = (
            "import sys, pathlib; from paasq_daemon.store.store import Store; Store.open(pathlib.Path(sys.argv[1]))"
        )
        other = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "data")], capture_output=True, text=True, check=False
        )
        assert "FolderInUse" in other.stderr
        assert "connect to /run/paasq.sock" in other.stderr
    Store.open(tmp_path / "data").close()


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    (tmp_path / "data" / "format").write_text(json.dumps({"store_format": 99}))
    with pytest.raises(FormatTooNew, match="format 99"):
        Store.open(tmp_path / "data")


@pytest.mark.parametrize("content", ["", "{}", "[1]", "\x00", '{"store_format": "x"}'])
def test_a_damaged_format_file_is_said_to_be(tmp_path: Path, content: str) -> None:
    fill(tmp_path / "data")
    (tmp_path / "data" / "format").write_text(content)
    with pytest.raises(StoreError):
        Store.open(tmp_path / "data")


@pytest.mark.parametrize("kept", [0, 100, 4096, 8191, 8192, 40_960, -65_536])
def test_a_data_file_that_was_cut_short_is_refused_and_left_alone(tmp_path: Path, kept: int) -> None:
    fill(tmp_path / "data")
    data = tmp_path / "data" / "store" / "data.mdb"
    size = data.stat().st_size + kept if kept < 0 else kept
    os.truncate(data, size)
    with pytest.raises(StoreError, match=r"cut short|damaged"):
        Store.open(tmp_path / "data")
    assert data.stat().st_size == size


def test_a_data_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "store")
    with pytest.raises(StoreError, match="is gone"):
        Store.open(tmp_path / "data")


def test_free_pages_that_were_never_written_do_no_harm(tmp_path: Path) -> None:
    seq = fill(tmp_path / "data")
    data = tmp_path / "data" / "store" / "data.mdb"
    header = bytearray(data.read_bytes()[:8192])
    for meta in (0, 4096):  # as LMDB leaves it after pages at the end were taken and given back in one transaction
        last_page = int.from_bytes(header[meta + 136 : meta + 144], "little")
        header[meta + 136 : meta + 144] = (last_page + 3).to_bytes(8, "little")
    with data.open("r+b") as file:
        file.write(header)
    with Store.open(tmp_path / "data") as store:
        assert store.seq == seq
        assert store.check() == []


def test_a_fork_cannot_write(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", sync=False) as store:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                store.write(lambda t: t.put(1, "a", {}, {}))
            except StoreError as error:
                code = 0 if "fork" in error.message else 2
            except BaseException:  # noqa: BLE001  # a fork of the test runner must not run on
                traceback.print_exc()
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert store.write(lambda t: t.put(1, "a", {}, {})).result().seq == 1
