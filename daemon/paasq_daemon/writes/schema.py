"""Collections into the catalog."""

from __future__ import annotations

from dataclasses import replace

from paasq_daemon.embed.provider import Embedder
from paasq_daemon.store.transaction import WriteTransaction
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.types import vector_of


def create_collection(transaction: WriteTransaction, collection: Collection, embedder: Embedder) -> bool:
    """False where it exists (the binder has seen that it is declared alike)."""
    catalog = transaction.catalog
    if collection.name in catalog.collections:
        return False
    number = max(catalog.by_id, default=0) + 1
    fields = tuple(_with_model(field, embedder) for field in collection.fields)
    transaction.set_catalog(catalog.with_collection(replace(collection, id=number, fields=fields)))
    return True


def with_model(catalog: Catalog, embedder: Embedder, collection: str | None) -> Catalog:
    """The next catalog, in which every vector(auto), of one collection or of all, is made by this embedder."""
    collections = {
        name: replace(c, fields=tuple(_with_model(field, embedder) for field in c.fields))
        if collection in {None, name}
        else c
        for name, c in catalog.collections.items()
    }
    return replace(catalog, version=catalog.version + 1, collections=collections)


def _with_model(field: Field, embedder: Embedder) -> Field:
    if not field.sources:
        return field
    return replace(field, type=vector_of(embedder.size), model=embedder.identity)
