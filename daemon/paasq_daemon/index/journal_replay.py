"""The journal's changes since a sequence number, by collection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from paasq_daemon.index.collection_index import CollectionIndex
from paasq_daemon.store.journal import ChangeKind
from paasq_daemon.store.read_view import ReadView
from paasq_dsl.catalog import Collection


@dataclass(frozen=True, slots=True)
class CollectionChanges:
    """`deleted`: ordinals in the order of deletion. `vectors`: by field id, the ordinals whose vector was set or removed."""

    deleted: list[int] = field(default_factory=list)
    vectors: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


def replay_changes(view: ReadView, seq: int) -> dict[int, CollectionChanges]:
    """Changes by collection id; a collection that only grew is included. Catalog changes are left out: the catalog has
    them.

    Raises StoreError where the journal was trimmed or is damaged.
    """
    changes: defaultdict[int, CollectionChanges] = defaultdict(CollectionChanges)
    for entry in view.journal(seq):
        for change in entry.changes:
            if change.kind is ChangeKind.CATALOG:
                continue
            of_collection = changes[change.collection]
            if change.kind is ChangeKind.VECTOR:
                assert change.field is not None
                of_collection.vectors[change.field].add(change.ordinal)
            elif change.replaced_ordinal is not None:
                of_collection.deleted.append(change.replaced_ordinal)
    return changes


def brought_up(
    view: ReadView,
    collection: Collection,
    present: Mapping[int, CollectionIndex],
    changes: Mapping[int, CollectionChanges],
) -> CollectionIndex:
    """The index of a collection, present or built, with the changes that lead to the view."""
    index = present.get(collection.id)
    if index is None or (index.collection != collection and not index.change_catalog(collection)):
        return CollectionIndex.build(view, collection)
    change = changes.get(collection.id)
    if change is not None:
        index.apply(view, change.deleted, change.vectors)
    return index
