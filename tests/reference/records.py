"""What the reference evaluates: records as dicts, in the order they were written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from paasq_dsl.catalog import Catalog

Row: TypeAlias = dict[str, Any]  # value by column name, those that the store keeps (`_key`, `_version`) too
Vector: TypeAlias = list[float]
WRITTEN = "written"  # a row's number among all puts of its collection, from 0: two rows of one are the same where it is


class Refused(Exception):
    """The engine must answer this query with an error, for the reason given."""


class Undecided(Exception):
    """Two scores differ by less than 32-bit floats can tell, so that either order of the rows would be right."""


@dataclass
class Records:
    """Live records by collection and key; a record that is written again moves to the end. `embed` makes vectors."""

    catalog: Catalog
    embed: Callable[[str], Vector]
    by_collection: dict[str, dict[str, Row]] = field(default_factory=dict)
    puts: Counter[str] = field(default_factory=Counter)  # by collection
    seq: int = 0  # how many writes there were
    moments: dict[int, dict[str, dict[str, Row]]] = field(default_factory=dict)  # what was there, by the engine's seq

    def remember(self, seq: int) -> None:
        """What is here now is what the engine has at its sequence number `seq`."""
        self.moments[seq] = {name: dict(rows) for name, rows in self.by_collection.items()}

    def at(self, seq: int) -> Records:
        """As it was at a sequence number of the engine."""
        there = max((moment for moment in self.moments if moment <= seq), default=None)
        return Records(self.catalog, self.embed, {} if there is None else self.moments[there])

    def scan(self, collection: str) -> list[Row]:
        """The live records, each as a dict of its own."""
        return [dict(row) for row in self.by_collection.get(collection, {}).values()]

    def get(self, collection: str, key: object) -> Row | None:
        return self.by_collection.get(collection, {}).get(key) if isinstance(key, str) else None

    def put(self, collection: str, row: Row) -> None:
        """`row` has all the fields; its version and the vectors that are computed are made here."""
        found = self.catalog.collections[collection]
        key = row[found.key]
        before = self.by_collection.setdefault(collection, {}).pop(key, None)
        self.seq += 1
        whole = {
            **row,
            "_key": key,
            "_version": before["_version"] + 1 if before else 1,
            WRITTEN: self.puts[collection],
        }
        self.puts[collection] += 1
        for vector in found.fields:
            if vector.source_fields:
                parts = [whole[name] for name in vector.source_fields]
                text = "\n".join(part for part in parts if part and part.strip())
                whole[vector.name] = self.embed(text) if text else None
        self.by_collection[collection][key] = whole

    def delete(self, collection: str, key: str) -> None:
        self.seq += 1
        self.by_collection[collection].pop(key, None)
