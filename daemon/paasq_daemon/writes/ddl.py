"""Data definition: creating, altering and dropping collections and views in the catalog."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ConflictError, InvalidValue
from paasq_daemon.writes.catalog_retry import CatalogChanged
from paasq_daemon.writes.computed_fields import compute_field
from paasq_daemon.writes.field_redefinition import redefine_field, rewrite
from paasq_daemon.writes.put_record import embedding_text
from paasq_daemon.writes.type_change import convert_lossless
from paasq_dsl.bound import BoundAlterCollection, BoundSetRetention
from paasq_dsl.catalog import Catalog, Collection, Field, View
from paasq_dsl.retention import HistoryBound
from paasq_dsl.schema.differences import same_declaration, with_docs
from paasq_dsl.types import vector_of


def create_collection(transaction: WriteTransaction, collection: Collection, embedder: Embedder) -> bool:
    """False where it exists, declared alike; then it takes the docs that it is declared with. Raises CatalogChanged where
    another was declared meanwhile."""
    catalog = transaction.catalog
    present = catalog.collections.get(collection.name)
    if (present is not None and not same_declaration(present, collection)) or collection.name in catalog.views:
        raise _declared_meanwhile(collection.name)
    if present is not None:
        if (documented := with_docs(present, collection)) != present:
            transaction.set_catalog(catalog.with_collection(documented))
        return False
    number = catalog.next_collection_id
    fields = tuple(_with_model(field, embedder) for field in collection.fields)
    transaction.set_catalog(catalog.with_collection(replace(collection, id=number, fields=fields)))
    return True


def set_view(transaction: WriteTransaction, view: View) -> int:
    """Add a view to the catalog, or replace the one of this name. Returns 0: it writes no records.

    Raises CatalogChanged where a collection of that name was declared meanwhile.
    """
    if view.name in transaction.catalog.collections:
        raise _declared_meanwhile(view.name)
    transaction.set_catalog(transaction.catalog.with_view(view))
    return 0


def _declared_meanwhile(name: str) -> CatalogChanged:
    return CatalogChanged(f"{name} was declared by another statement meanwhile", "run the statement again")


def drop_view(transaction: WriteTransaction, name: str) -> int:
    """Remove a view from the catalog. Returns 0: it writes no records."""
    transaction.set_catalog(transaction.catalog.without_view(name))
    return 0


def drop_collection(transaction: WriteTransaction, collection: Collection, *, and_records: bool) -> int:
    """How many records were deleted with it. Raises ConflictError where there are some and `and_records` is False."""
    present = check_unchanged(transaction, collection)
    count = transaction.live_count(present.id)
    if count and not and_records:
        raise ConflictError(
            f"{present.name} has {count:,} records", f"write: drop collection {present.name} and its records"
        )
    for key in list(transaction.keys(present.id)):
        transaction.delete(present.id, key)
    transaction.set_catalog(transaction.catalog.without_collection(present.name))
    return count


def check_unchanged(transaction: WriteTransaction, collection: Collection) -> Collection:
    """As the store has it. Raises CatalogChanged where that is not what a statement was bound against."""
    present = transaction.catalog.collections.get(collection.name)
    if present is None or present != collection:
        raise CatalogChanged(f"{collection.name} was changed by another statement meanwhile", "run the statement again")
    return present


def alter_collection(transaction: WriteTransaction, alter: BoundAlterCollection, embedder: Embedder) -> int:
    """How many records were rewritten, or are to get a vector. Raises InvalidValue where a record does not fit,
    ConflictError where the collection was changed meanwhile or a unique value would be repeated.
    """
    check_unchanged(transaction, alter.collection)
    fields = tuple(
        f if f in alter.collection.fields else _with_model(f, embedder) for f in alter.altered_collection.fields
    )
    changed = replace(alter.altered_collection, fields=fields)
    if alter.action == "add":
        transaction.set_catalog(transaction.catalog.with_collection(changed))
        added = [f for f in fields if f.id >= alter.collection.next_field_id]
        return max([_added(transaction, changed, f) for f in added])
    if alter.action == "retype":
        count = _retyped(transaction, changed, alter.old_fields[0], alter.new_fields[0])
        transaction.set_catalog(transaction.catalog.with_collection(changed))
        return count
    count = 0
    if alter.action == "redefine":
        count = redefine_field(transaction, changed, alter.old_fields[0], alter.new_fields[0])
    transaction.set_catalog(transaction.catalog.with_collection(changed))
    return count


def set_retention(transaction: WriteTransaction, command: BoundSetRetention) -> int:
    """How long a collection keeps what, from now on. Returns 0: what is too old goes later. Raises CatalogChanged where the
    collection was changed meanwhile."""
    check_unchanged(transaction, command.collection)
    if command.altered_collection != command.collection:
        transaction.set_catalog(transaction.catalog.with_collection(command.altered_collection))
    return 0


def set_store_history(transaction: WriteTransaction, bound: HistoryBound | None) -> int:
    """The store's own bound of history. Returns 0, as `set_retention`."""
    if bound != transaction.catalog.history:
        transaction.set_catalog(transaction.catalog.with_history(bound))
    return 0


def _added(transaction: WriteTransaction, collection: Collection, field: Field) -> int:
    """A vector(auto) becomes pending for every record that has its text."""
    count = transaction.live_count(collection.id)
    if field.computed is not None:
        return _computed(transaction, collection, field)
    if field.required and field.default is None and count:
        raise InvalidValue(
            f"{collection.name} has {count:,} records, which would have no {field.name}",
            "give it a default, or leave required out",
        )
    if not field.source_fields:
        return 0
    records = [r for r in transaction.scan_readable(collection.id) if embedding_text(collection, field, r.fields)]
    for record in records:
        transaction.mark_vector_pending(collection.id, field.id, record.ordinal)
    return len(records)


def _retyped(transaction: WriteTransaction, collection: Collection, before: Field, after: Field) -> int:
    """Every record that has a value is rewritten with it converted; all must convert."""
    records = [r for r in transaction.scan_readable(collection.id) if before.id in r.fields]
    given = [r.fields[before.id] for r in records]  # a null that was written into a field with a default stays one
    values = [None if value is None else convert_lossless(before.type, after, value) for value in given]
    failed = [i for i, value in enumerate(values) if value is None and given[i] is not None]
    if failed:
        record = records[failed[0]]
        shown = repr(record.fields[before.id])[:60]
        raise InvalidValue(
            f"{len(failed):,} of {len(records):,} values of {collection.name}.{before.name} are no {after.type}, such as "
            f"{shown} of {collection.name}:{record.key}",
            "patch them first",
        )
    if after.unique and max(Counter(value for value in values if value is not None).values(), default=1) > 1:
        raise ConflictError(f"two values of {collection.name}.{before.name}, which is unique, are one as {after.type}")
    for record, value in zip(records, values, strict=True):
        fields = {id_: v for id_, v in record.fields.items() if id_ != before.id} | {after.id: value}
        rewrite(transaction, record, fields)
    return len(records)


def _computed(transaction: WriteTransaction, collection: Collection, field: Field) -> int:
    """Every record that now has a value is rewritten with it; all must be computable."""
    records = list(transaction.scan_readable(collection.id))
    given = [record.field_values(collection) for record in records]
    values = compute_field(collection, field, given)
    there = [(record, value) for record, value in zip(records, values, strict=True) if value is not None]
    if field.unique and len(set(values := [v for _, v in there])) < len(there):
        twice = next(v for v, n in Counter(values).items() if n > 1)
        raise ConflictError(f"two records would have the {field.name} {twice!r}, which is unique")
    for record, value in there:
        rewrite(transaction, record, {**record.fields, field.id: value})
    return len(there)


def with_embedding_model(catalog: Catalog, embedder: Embedder, collection: str | None) -> Catalog:
    """The next catalog, in which every vector(auto), of one collection or of all, is made by this embedder."""
    collections = {
        name: replace(c, fields=tuple(_with_model(field, embedder) for field in c.fields))
        if collection in {None, name}
        else c
        for name, c in catalog.collections.items()
    }
    return replace(catalog, version=catalog.version + 1, collections=collections)


def _with_model(field: Field, embedder: Embedder) -> Field:
    if not field.source_fields:
        return field
    return replace(field, type=vector_of(embedder.size), embedding_model=embedder.identity)
