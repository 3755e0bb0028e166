"""What there is to ask: collections, and the values of their fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paasq_daemon.index.readable_indexes import ReadableIndexes
from paasq_daemon.store.shared_store import ReadableStore
from paasq_daemon.wire.errors import InvalidValue
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.diagnostics import similar_names
from paasq_dsl.types import TypeKind

_WITH_VALUES = frozenset({TypeKind.KEYWORD, TypeKind.LINK})


@dataclass(eq=False)
class CatalogService:
    """Reads the catalog as it is now. Every method may be called from any thread."""

    store: ReadableStore
    indexes: ReadableIndexes

    def current(self) -> Catalog:
        """The catalog of the last durable transaction."""
        with self.store.read() as view:
            return view.catalog

    def collection(self, name: str) -> Collection:
        """Raises InvalidValue where there is none of that name."""
        return find_collection(self.current(), name)

    def values(self, collection: str, field: str, prefix: str, limit: int) -> Sequence[tuple[str, int]]:
        """At most `limit` pairs of a live value that begins with `prefix` and its count of records, most frequent first.

        Raises InvalidValue where the collection or the field does not exist, or the field holds no keywords or links.
        """
        with self.indexes.read() as view:
            known = find_collection(view.catalog, collection)
            try:
                return view.collection(collection).values_with_prefix(field, prefix, limit)
            except (KeyError, TypeError):
                raise _without_values(known, field) from None


def find_collection(catalog: Catalog, name: str) -> Collection:
    """Raises InvalidValue, naming the collections there are, where the catalog has none of that name."""
    found = catalog.collections.get(name)
    if found is None:
        raise InvalidValue(f"there is no collection {name}", f"there is {', '.join(catalog.collections) or 'none yet'}")
    return found


def _without_values(collection: Collection, field: str) -> InvalidValue:
    having = [f.name for f in collection.fields if (f.type.item or f.type).kind in _WITH_VALUES]
    meant = similar_names(field, having)
    hint = f"did you mean {' or '.join(meant)}?" if meant else f"such are {', '.join(having)}"
    return InvalidValue(f"{collection.name}.{field} is not a field of keywords or links", hint)
