"""What is derived, on disk, against the records that it was derived from. Nothing is changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paasq_daemon.index.append_files import InvalidIndexFile
from paasq_daemon.index.checkpoint import MANIFEST_NAME, Checkpoint
from paasq_daemon.index.collection_index import CollectionIndex, expected_columns
from paasq_daemon.index.column import Ints
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.index_folder import INDEX_NAME, linked_index_folder
from paasq_daemon.index.journal_replay import replay_changes
from paasq_daemon.index.text_files import TEXT_MANIFEST_NAME, indexed_ordinals, verified_manifest
from paasq_daemon.index.vector_search import Scores
from paasq_daemon.kernels.columns import column_to_values
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.wire.errors import StoreError
from paasq_dsl.types import TypeKind


def audit_columns(folder: Path, view: ReadView) -> tuple[int, list[str]]:
    """How many columns and vector fields were compared with the records, value by value, and what is wrong, in words."""
    checkpoint = Checkpoint(folder / INDEX_NAME)
    if not (folder / INDEX_NAME / MANIFEST_NAME).exists():
        return 0, []  # none was written yet, or all of it is gone: it is built at the next start
    try:
        seq, loaded = checkpoint.load(view.catalog, view.seq)
        changes = replay_changes(view, seq)
    except InvalidIndexFile as reason:
        return 0, [f"the columns: {reason}"]
    except StoreError:
        return 0, []  # the journal does not reach them any more: they are built anew
    findings = [f"{name}: {reason}" for name, reason in checkpoint.damaged.items()]
    count = 0
    for id_, index in loaded.items():
        collection = view.catalog.collections_by_id[id_]
        if index.collection != collection and not index.change_catalog(collection):
            continue  # it is built anew
        if (change := changes.get(id_)) is not None:
            index.apply(view, change.deleted, change.vectors)
        wrong, compared = _differences(index.snapshot(), CollectionIndex.build(view, collection).snapshot())
        findings += [f"{collection.name}: {each}" for each in wrong]
        count += compared
    return count, findings


def audit_text(folder: Path, view: ReadView) -> tuple[int, list[str]]:
    """How many text indexes were read, and which have other files than were written, or lack live records."""
    with linked_index_folder(folder) as links:
        return _audit_text(links, view)


def _audit_text(folder: Path, view: ReadView) -> tuple[int, list[str]]:
    findings, count = [], 0
    for collection in view.catalog.collections.values():
        home = folder / str(collection.id) / "text"
        if not (home / TEXT_MANIFEST_NAME).exists():
            continue  # it is built at the first search
        count += 1
        try:
            reached = int(verified_manifest(home)["length"])
            there = indexed_ordinals(home)
        except (InvalidIndexFile, OSError, ValueError, KeyError) as reason:
            findings.append(f"{collection.name}: the text index is built anew at the next start: {reason}")
            continue
        live = _live_ordinals(view, collection.id)
        lacking = np.setdiff1d(live[live < reached], there)
        if len(lacking):
            findings.append(f"{collection.name}: {len(lacking)} live records are not in the text index")
    return count, findings


def _live_ordinals(view: ReadView, collection_id: int) -> Ints:
    return np.array([record.ordinal for record in view.scan_readable(collection_id)], np.int64)


def _differences(found: ColumnSnapshot, built: ColumnSnapshot) -> tuple[list[str], int]:
    collection = built.collection
    if found.length != built.length or not np.array_equal(found.live, built.live):
        return [f"{found.live_count} records are live in the index, and {built.live_count} in the store"], 1
    live = np.flatnonzero(built.live)
    names = [name if name.startswith("_") else _field_name(built, name) for name in expected_columns(collection)]
    wrong = []
    for name in names:
        one, other = (column_to_values(each.column(name).take(live)) for each in (found, built))
        places = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if repr(a) != repr(b)]
        if places:
            keys = column_to_values(built.column("_key").take(live[places[:3]]))
            wrong.append(f"{name} of {len(places)} records is another in the index, as of {', '.join(map(str, keys))}")
    vectors = [field.name for field in collection.fields_of_kind(TypeKind.VECTOR)]
    for name in vectors:
        here, there = found.vectors(name), built.vectors(name)
        differing = sum(not _equal(here.vector(ordinal), there.vector(ordinal)) for ordinal in live.tolist())
        if differing:
            wrong.append(f"{name} of {differing} records is another in the index")
    return wrong, len(names) + len(vectors)


def _equal(one: Scores | None, other: Scores | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)


def _field_name(snapshot: ColumnSnapshot, id_text: str) -> str:
    return next(field.name for field in snapshot.collection.fields if str(field.id) == id_text)
