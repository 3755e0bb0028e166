"""The journal archived beside encrypted and signed snapshots: it tells nothing without the key, and is not taken for signed."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paasq_daemon.services.snapshot_upkeep import SnapshotUpkeep
from paasq_daemon.snapshot.cipher import MAGIC, is_sealed_name
from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.encryption_key import KeySource
from paasq_daemon.snapshot.journal_archive import archive_journal, list_segments
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import find_storage, open_storage
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.snapshot.restore_moment import restore_moment
from paasq_daemon.snapshot.rolling_check import PARTS, check_part
from paasq_daemon.snapshot.schedule import parse_schedule, read_progress, write_schedule
from paasq_daemon.snapshot.signature import read_signers, write_signing_key
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError
from store.encrypted import FOLDERS, files, flip
from store.moments import holds

START_S = 1_795_356_000.0


def write(store: Store, key: str) -> str:
    """Put a record of random text, which is returned."""
    text = f"canary {random.Random(key).randbytes(8).hex()}"
    store.write(lambda t: t.put(1, key, {1: text}, {})).result()
    return text


def keys_at(storage: Storage, moment: Moment, into: Path) -> list[str]:
    restore_moment(storage, moment, into)
    with Store.open(into, sync=False) as store, store.read() as view:
        found = list(view.keys(1))
    shutil.rmtree(into)
    return found


@pytest.mark.parametrize("elsewhere", [True, False], ids=["elsewhere", "in the data folder"])
def test_a_scheduled_archive_is_encrypted_and_leads_to_any_moment(
    store: Store, key: KeySource, tmp_path: Path, elsewhere: bool
) -> None:
    place = tmp_path / "disk" if elsewhere else store.folder / "snapshots"
    to = str(place) if elsewhere else None
    write_schedule(store.folder, parse_schedule("every 1h journal every 1min keep 9 hourly", to, key))
    upkeep = SnapshotUpkeep(store)
    words = [write(store, "whispered0")]
    upkeep.run_due(START_S)
    held = {}
    for minute in range(1, 6):
        words.append(write(store, f"whispered{minute}"))
        with store.read() as view:
            held[view.seq] = holds(view)
        upkeep.run_due(START_S + 60 * minute)
        progress = read_progress(store.folder)
        assert (progress.archived_seq, progress.archive_error) == (minute + 1, None)
    storage = find_storage(str(place), key)
    (names,) = list_segments(storage).values()
    assert len(names) == 6  # five segments and the mark of the snapshot
    for seq, expected in held.items():
        restore_moment(storage, Moment(seq=seq), tmp_path / "new")
        with Store.open(tmp_path / "new", sync=False) as restored, restored.read() as view:
            assert holds(view) == expected
        shutil.rmtree(tmp_path / "new")
    (made,) = (place / "manifests").iterdir()
    assert is_sealed_name(made.name)
    words += ["canary", "whispered", *(name.hash for name in names), *(str(name) for name in names), names[0].timeline]
    sealed = files(place)
    raw = [path.name.encode() + path.read_bytes() for path in sealed]
    for word in words:
        assert not any(word.encode() in each for each in raw), word
    assert all(is_sealed_name(path.name) and path.read_bytes().startswith(MAGIC) for path in sealed)
    assert [check_part(storage, part).findings for part in range(PARTS)] == [[]] * PARTS


def test_a_changed_segment_is_named_and_the_rest_restored(
    store: Store, encrypted: Storage, place: Path, tmp_path: Path
) -> None:
    write(store, "a")
    create_snapshot(store, encrypted, "first")
    before = set((place / "journal").iterdir())
    write(store, "b")
    archive_journal(store, encrypted)
    (segment,) = set((place / "journal").iterdir()) - before
    write(store, "c")
    archive_journal(store, encrypted)
    flip(segment, 40)
    assert any("was changed" in found for found in verify_snapshot(encrypted, "first").findings)
    assert keys_at(encrypted, Moment(seq=1), tmp_path / "new") == ["a"]
    with pytest.raises(SnapshotError, match="was changed"):
        restore_moment(encrypted, Moment(seq=3), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_archive_does_not_mix_plain_with_encrypted(
    store: Store, encrypted: Storage, place: Path, key: KeySource, tmp_path: Path
) -> None:
    write(store, "a")
    plain = LocalStorage(tmp_path / "plain")
    create_snapshot(store, plain, "first")
    with pytest.raises(SnapshotError, match="are not encrypted"):
        open_storage(str(plain.folder), key)
    create_snapshot(store, encrypted, "first")
    (segment,) = (plain.folder / "journal").iterdir()
    shutil.copy(segment, place / "journal")
    with pytest.raises(SnapshotError, match="is not encrypted, and the rest is"):
        archive_journal(store, encrypted)
    for folder in set(FOLDERS) - {"journal"}:
        for path in (plain.folder / folder).iterdir():
            path.unlink()
    with pytest.raises(SnapshotError, match="are not encrypted, and encrypted ones cannot be added"):
        open_storage(str(plain.folder), key)


@pytest.fixture
def signers(tmp_path: Path) -> tuple[Ed25519PublicKey, ...]:
    write_signing_key(tmp_path / "sign")
    return read_signers([tmp_path / "sign.pub"])


def test_where_a_signature_is_required_no_segment_is_used(
    store: Store, tmp_path: Path, signers: tuple[Ed25519PublicKey, ...]
) -> None:
    storage, into = LocalStorage(tmp_path / "place"), tmp_path / "new"
    held, times_us = {}, {}

    def write_one(key: str) -> None:
        write(store, key)
        with store.read() as view:
            held[view.seq], times_us[view.seq] = holds(view), view.state.time_us

    write_one("a")
    create_snapshot(store, storage, "unsigned")
    write_one("b")
    write_one("c")
    create_snapshot(store, storage, "signed", CreateOptions(sign=tmp_path / "sign"))
    write_one("d")
    archive_journal(store, storage)
    for moment in [Moment(seq=1), Moment(seq=2), Moment(seq=3), Moment(time_us=times_us[2])]:
        origin = restore_moment(storage, moment, into, signers=signers)
        assert (origin.snapshot, origin.archive) == ("signed", None)
        with Store.open(into, sync=False) as restored, restored.read() as view:
            assert holds(view) == held[moment.seq or 2]
        shutil.rmtree(into)
    with pytest.raises(SnapshotError, match="the archived journal is not signed"):
        restore_moment(storage, Moment(seq=4), into, signers=signers)
    with pytest.raises(SnapshotError, match="the history in snapshot 'signed' ends at 3, before"):
        restore_moment(storage, Moment(time_us=times_us[4]), into, signers=signers)
    with pytest.raises(SnapshotError, match="'unsigned' is not signed"):
        restore_moment(storage, Moment(seq=1), into, "unsigned", signers)
    assert not into.exists()
    assert restore_moment(storage, Moment(seq=4), into).archive == (4, 4)


def test_where_no_snapshot_is_signed_none_is_used(
    store: Store, tmp_path: Path, signers: tuple[Ed25519PublicKey, ...]
) -> None:
    storage = LocalStorage(tmp_path / "place")
    write(store, "a")
    create_snapshot(store, storage, "one")
    with pytest.raises(SnapshotError, match="'one' is not signed"):
        restore_moment(storage, Moment(seq=1), tmp_path / "new", signers=signers)
