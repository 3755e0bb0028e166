"""Verifying a snapshot, at three depths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import SystemRandom

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paasq_daemon.snapshot.annotation import read_annotation
from paasq_daemon.snapshot.journal_check import check_after
from paasq_daemon.snapshot.manifest import Manifest, list_manifests, read_manifest, require_snapshot
from paasq_daemon.snapshot.object_store import ObjectId, ObjectStore
from paasq_daemon.snapshot.read_ahead import read_ahead
from paasq_daemon.snapshot.restore import read_verified_table, unpack_snapshot
from paasq_daemon.snapshot.signature import require_signer
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.store.content_digest import CountedView, logical_digest
from paasq_daemon.store.damage import find_damage
from paasq_daemon.store.format1 import FORMAT as FORMAT_1
from paasq_daemon.store.format1 import Format1Store
from paasq_daemon.store.integrity_check import check_integrity
from paasq_daemon.store.migration import migrate
from paasq_daemon.store.new_folder import scratch_folder
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import PaasqError, SnapshotError

SCRATCH_PREFIX = "verify-"  # of the folders that depth `restore` unpacks into, removed at its end


class VerifyDepth(StrEnum):
    """How much is read; each depth includes those before it."""

    CHAIN = "chain"  # manifest, page table and its root; that each object is there and has its size; no segment is lost
    HASH = "hash"  # and that each byte of each object is what it was
    RESTORE = "restore"  # and that a store restored from it passes its audit and has the logical digest


@dataclass(slots=True)
class Verification:
    """How many objects were checked, how many segments of the journal archived since it were read, how many bytes of objects,
    and what is wrong: `findings` is empty for a sound snapshot whose archive is sound.

    `damage` is what was damaged in the store already when it was captured; no finding, since the snapshot holds it.
    """

    name: str
    depth: VerifyDepth
    objects: int = 0
    segments: int = 0
    size_bytes: int = 0
    findings: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)


def verify_snapshot(
    storage: Storage,
    name: str,
    depth: VerifyDepth | str = VerifyDepth.HASH,
    sample: int | None = None,
    signers: Sequence[Ed25519PublicKey] = (),
) -> Verification:
    """Verify a snapshot. `sample=n` hashes one in n of its packs, chosen anew each time. One of `signers` must have signed it,
    where there are any; a signature that it has must be one of it in any case.

    Raises SnapshotError only where there is no such snapshot or depth, or it was deleted meanwhile; damage is a finding.
    """
    verification = Verification(name, _depth(depth, sample))
    require_snapshot(storage, name)
    try:
        manifest = read_manifest(storage, name)
        verification.damage += read_annotation(storage, manifest).damage
        require_signer(storage, manifest, signers)
        _verify_objects(ObjectStore(storage), manifest, verification, sample)
        if verification.depth is VerifyDepth.RESTORE and not verification.findings:
            _verify_restored(storage, manifest, verification)
        journal = check_after(
            storage, manifest, list_manifests(storage), read=verification.depth is not VerifyDepth.CHAIN
        )
        verification.segments = journal.segments
        verification.findings += journal.findings
    except PaasqError as error:
        verification.findings.append(error.message)
    if verification.findings:
        require_snapshot(storage, name)
    return verification


def _depth(depth: VerifyDepth | str, sample: int | None) -> VerifyDepth:
    if depth not in set(VerifyDepth):
        raise SnapshotError(f"a snapshot has no depth {depth!r}", f"it is one of {', '.join(VerifyDepth)}")
    if sample is not None and sample < 1:
        raise SnapshotError(f"one in {sample} is not a sample", "give 1 or more")
    return VerifyDepth(depth)


def _verify_objects(objects: ObjectStore, manifest: Manifest, verification: Verification, sample: int | None) -> None:
    table = read_verified_table(objects, manifest)
    offset = SystemRandom().randrange(sample) if sample else 0
    chosen = set(table.used_packs()[offset :: sample or 1]) if verification.depth is not VerifyDepth.CHAIN else set()

    def look(pack: ObjectId) -> None:
        if pack in chosen:
            objects.read_stored(pack)
        else:
            objects.check_size(pack)

    for pack, looked in read_ahead(look, table.used_packs()):
        error = looked.exception()
        if isinstance(error, SnapshotError):
            verification.findings.append(error.message)
        elif error is not None:
            raise error
        verification.objects += 1
        verification.size_bytes += pack.size_bytes if pack in chosen else 0


def _verify_restored(storage: Storage, manifest: Manifest, verification: Verification) -> None:
    with scratch_folder(storage.scratch, SCRATCH_PREFIX) as scratch:
        unpack_snapshot(storage, manifest, scratch)
        if manifest.store_format == FORMAT_1:
            with Format1Store(scratch).read() as old:
                _compare(old, manifest, verification)
            migrate(scratch)
        with Store.open(scratch, sync=False) as store, store.read() as view:
            if verification.damage:
                if find_damage(view) != verification.damage:
                    verification.findings.append("the restored store is damaged elsewhere than when it was captured")
            else:
                verification.findings += [str(finding) for finding in check_integrity(view)]
            if manifest.store_format != FORMAT_1:
                _compare(view, manifest, verification)


def _compare(view: CountedView, manifest: Manifest, verification: Verification) -> None:
    counts = {c.name: view.live_count(c.id) for c in view.catalog.collections.values()}
    if (logical_digest(view), view.seq, counts) != (manifest.digest, manifest.seq, manifest.collections):
        verification.findings.append("the restored store is not the one that the manifest describes")
