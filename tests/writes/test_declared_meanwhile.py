"""A name that another statement has declared since a text was compiled: the collection or view of that name stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paasq_daemon.store.store import Store
from paasq_daemon.writes.catalog_retry import CatalogChanged
from paasq_daemon.writes.ddl import create_collection, set_view
from paasq_dsl.catalog import Collection, Field, View
from paasq_dsl.types import KEYWORD
from properties.worlds import SmallEmbedder

BOOK = Collection(0, "book", (Field(1, "id", KEYWORD),), "id")
VIEW = View("book", "from shelf")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, sync=False) as opened:
        yield opened


def test_a_view_does_not_hide_a_collection(store: Store) -> None:
    store.write(lambda t: create_collection(t, BOOK, SmallEmbedder())).result()
    with pytest.raises(CatalogChanged, match="book was declared by another statement meanwhile"):
        store.write(lambda t: set_view(t, VIEW)).result()
    with store.read() as view:
        assert not view.catalog.views


def test_a_collection_does_not_hide_a_view(store: Store) -> None:
    store.write(lambda t: set_view(t, VIEW)).result()
    with pytest.raises(CatalogChanged, match="book was declared by another statement meanwhile"):
        store.write(lambda t: create_collection(t, BOOK, SmallEmbedder())).result()
    with store.read() as view:
        assert not view.catalog.collections


def test_a_store_is_closed_once(store: Store) -> None:
    store.close()
    store.close()
