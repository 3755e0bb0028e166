"""From links to what they lead to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Column, DictionaryColumn, FlatColumn, Ints, ListColumn
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.operators.column_fetch import fetch_column_or_null, fetch_columns, needs_record_read
from paasq_dsl.types import TypeKind, list_of

ITEMS_MAX = 2_000_000  # of the lists that one arrow makes: a few arrows on lists of links would fill any memory


def traverse_links(view: IndexView, collection: str, name: str, links: Column) -> Column:
    """The field `name` of the linked records: null where a link leads nowhere; for lists of links, a list without those.

    Raises EvaluationError where these lists would be too long.
    """
    target = view.collection(collection)
    if isinstance(links, ListColumn):
        return _traverse_lists(view, target, name, links)
    return fetch_column_or_null(target, name, linked_ordinals(view, target, links))


def linked_ordinals(view: IndexView, target: CollectionView, links: Column) -> Ints:
    """The ordinal that each link leads to, int64, -1 where none. A key is looked up once, however often it is linked."""
    if isinstance(links, DictionaryColumn):
        used = np.unique(links.codes)
        used = used[used >= 0]
        ordinals = np.full(len(links.dictionary) + 1, -1, np.int64)  # the last is for code -1
        if len(used):
            ordinals[used] = view.store.ordinals(target.collection.id, links.dictionary[used].tolist())
        return ordinals[links.codes]
    assert isinstance(links, FlatColumn)
    keys = links.values.tolist()
    known = [isinstance(k, str) and (links.validity is None or bool(links.validity[i])) for i, k in enumerate(keys)]
    found = iter(
        view.store.ordinals(target.collection.id, [k for k, is_key in zip(keys, known, strict=True) if is_key])
    )
    return np.array([next(found) if is_key else -1 for is_key in known], np.int64)


def _traverse_lists(view: IndexView, target: CollectionView, name: str, links: ListColumn) -> Column:
    ordinals = linked_ordinals(view, target, links.items)
    rows = np.repeat(np.arange(len(links)), np.diff(links.offsets))
    there = ordinals >= 0
    lists = gather_lists(target, (name,), rows[there], ordinals[there], len(links))[name]
    return replace(lists, validity=links.validity)


def gather_lists(
    target: CollectionView, names: Iterable[str], rows: Ints, ordinals: Ints, length: int
) -> dict[str, ListColumn]:
    """By field, `length` lists of its values in the records; record i goes into list `rows[i]`, ascending.

    Raises EvaluationError where these lists would be too long.
    """
    fields = list(names)
    for name in fields:
        _check_length(target, name, ordinals)
    columns = fetch_columns(target, fields, ordinals)
    return {name: _as_lists(items, rows, length) for name, items in columns.items()}


def _as_lists(items: Column, rows: Ints, length: int) -> ListColumn:
    """`length` lists; item i goes into list `rows[i]`, ascending."""
    if isinstance(items, ListColumn):  # a list of lists is one list
        rows = np.repeat(rows, np.diff(items.offsets))
        items = items.items
    offsets = np.searchsorted(rows, np.arange(length + 1)).astype(np.int64)
    return ListColumn(list_of(items.type), offsets, items)


def _check_length(target: CollectionView, name: str, ordinals: Ints) -> None:
    """Before anything of that length is made."""
    items = len(ordinals)
    field = target.collection.fields_by_name.get(name)
    if items <= ITEMS_MAX and field is not None and field.type.kind is TypeKind.LIST and not needs_record_read(field):
        lists = target.column(name)
        assert isinstance(lists, ListColumn)
        items = int((lists.offsets[ordinals + 1] - lists.offsets[ordinals]).sum())
    if items > ITEMS_MAX:
        raise EvaluationError("PQ0792", name=name, count=f"{items:,}", most=f"{ITEMS_MAX:,}")
