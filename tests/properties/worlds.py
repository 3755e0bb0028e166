"""Small stores of chance: a schema, and records put, replaced and deleted, in the engine and in plain Python alike."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.instance import Instance
from paasq_daemon.wire.request import Request
from paasq_daemon.wire.value_codecs import encode
from paasq_dsl.catalog import Collection
from paasq_dsl.types import Type, TypeKind
from paasq_dsl.values import MICROS_PER_UNIT, Duration, parse_time
from reference.computed import with_computed
from reference.records import Records

SIZE = 8
WORDS = (
    "red",
    "Green",
    "blue",
    "café",
    "cafe",
    "über",
    "sea",
    "seas",
    "漢字",
    "x1",
    "wi-fi",
    "the",
    "of",
    "stone",
    "stones",
)
KEYWORDS = ("a", "b", "B", "c", "", "ünï", "漢字", "a b", "\U0001f600", 'q"uote')
INTS = (0, 1, 2, 3, -1, -7, 12, 1_000)  # small: no product of the few that a query makes leaves 64 bits
FLOATS = (0.0, 0.5, 1.5, -2.25, 3.0, 1e6, -1e-3)
TIMES = tuple(map(parse_time, (
    "2026-11-22T09:30Z", "2026-11-22", "2026-11-01", "2026-10-31T23:59:59Z", "2024-02-29", "1969-12-31T23:00Z",
    "2026-11-23",
)))  # fmt: skip
DURATIONS = (
    Duration(),
    Duration(0, MICROS_PER_UNIT["h"]),
    Duration(0, 90 * MICROS_PER_UNIT["min"]),
    Duration(0, MICROS_PER_UNIT["d"]),
    Duration(1),
    Duration(14, MICROS_PER_UNIT["h"]),
)

FIELDS = {  # name -> type; each world has some of them
    "k1": "keyword", "k2": "keyword", "n": "int", "m": "int default 7", "f": "float", "ok": "bool", "at": "time",
    "end": "time", "long": "duration", "tags": "[keyword]", "more": "[keyword]", "ns": "[int]", "title": "text",
    "body": "text", "next": "link<{item}>", "links": "[link<{item}>]", "owner": "link<{person}>",
    "at_.city": "keyword", "at_.note": "text", "at_.geo.lat": "float", "at_.tags": "[keyword]", "raw": "bytes",
}  # fmt: skip


COMPUTED = {  # name -> the fields that it reads, its type and expression; where a world has those
    "y": (("at",), "int = year(at) * 12 + month(at)"), "up": (("k1", "n"), 'text = concat(upper(k1), " sea ", n)'),
    "half": (("n",), "float = n / 2"), "some": (("tags", "ok"), "bool = ok or length(tags) > 1"),
    "after_y": (("at",), "int = y % 7"), "first": (("tags",), "keyword = first(tags)"),
    "later": (("at", "long"), "time = at + 1mo + long"),
}  # fmt: skip


def plain_vector(text: str) -> list[float]:
    """A direction for a text, from its words alone: 8 numbers, of length 1."""
    total = [0.0] * SIZE
    for word in text.lower().split():
        digest = hashlib.blake2b(word.encode(), digest_size=SIZE).digest()
        total = [t + byte - 127.5 for t, byte in zip(total, digest, strict=True)]
    length = math.sqrt(sum(t * t for t in total)) or 1.0
    return [t / length for t in total]


class SmallEmbedder:
    """`plain_vector` as the engine asks for it."""

    identity = "small@1"
    size = SIZE

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([plain_vector(text) for text in texts], np.float32).reshape(len(texts), SIZE)

    def tokens(self, text: str) -> int:
        return len(text.split())


@dataclass(frozen=True)
class World:
    """`item` names the collection to ask; `records` are what the engine must hold too."""

    item: str
    records: Records

    @property
    def collection(self) -> Collection:
        return self.records.catalog.collections[self.item]

    @property
    def keys(self) -> list[str]:
        return list(self.records.by_collection.get(self.item, {}))


def make_world(instance: Instance, seed: int) -> World:
    """Two collections of the engine, named by the seed, and their records."""
    rng = random.Random(seed)
    names = {"item": f"item{seed}", "person": f"person{seed}"}
    kept = [name for name in FIELDS if rng.random() < 0.8]
    texts = [name for name in kept if FIELDS[name] == "text"]
    lines = [f"{name}: {FIELDS[name].format(**names)}" for name in kept]
    lines += [f"{name}: {rule}" for name, (reads, rule) in COMPUTED.items() if {*reads} <= {*kept}]
    if texts:
        lines.append(f"vec: vector(auto) from {', '.join(texts)}")
    instance.engine.query(Request(f"collection {names['person']} {{ key id: keyword name: keyword }};"))
    instance.engine.query(Request(f"collection {names['item']} {{ key id: keyword {' '.join(lines)} }};"))
    world = World(names["item"], Records(instance.catalog.current(), plain_vector))
    _write(instance, world.records, names["person"], [{"id": f"p{i}", "name": rng.choice(KEYWORDS)} for i in range(3)])
    if seed % 10:  # every tenth world is empty
        for _ in range(rng.randint(1, 5)):
            change_world(instance, world, rng)
    return world


def change_world(instance: Instance, world: World, rng: random.Random) -> None:
    keys = [f"i{rng.randrange(25)}" for _ in range(rng.randint(0, 12))]
    _write(instance, world.records, world.item, [_record(world.collection, key, rng) for key in dict.fromkeys(keys)])
    for key in rng.sample(world.keys, min(len(world.keys), rng.randint(0, 3))):
        instance.engine.query(Request(f"delete {world.item}:{key}"))
        world.records.delete(world.item, key)
    world.records.remember(instance.status.report()["seq"])


def _write(instance: Instance, records: Records, name: str, given: list[dict[str, Any]]) -> None:
    fields = records.catalog.collections[name].fields_by_name
    as_json = [{field: encode(value, fields[field].type) for field, value in row.items()} for row in given]
    instance.records.put(name, [nested_record(row) for row in as_json])
    for row in given:
        whole = {f.name: row.get(f.name, f.default) for f in fields.values() if not f.source_fields} | row
        records.put(name, with_computed(records, name, whole))


def nested_record(row: dict[str, Any]) -> dict[str, Any]:
    """`{"a.b": 1, "a.c.d": 2}` as `{"a": {"b": 1, "c": {"d": 2}}}`."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        *path, last = name.split(".")
        inside = found
        for part in path:
            inside = inside.setdefault(part, {})
        inside[last] = value
    return found


def _record(collection: Collection, key: str, rng: random.Random) -> dict[str, Any]:
    row: dict[str, Any] = {"id": key}
    for field in collection.fields:
        chance = rng.random()
        if field.name == "id" or field.source_fields or field.computed is not None or chance < 0.1:
            continue
        row[field.name] = None if chance < 0.25 else _value(field.type, rng)
    return row


def _value(type_: Type, rng: random.Random) -> Any:
    match type_.kind:
        case TypeKind.LIST:
            assert type_.item is not None
            return [_value(type_.item, rng) for _ in range(rng.randint(0, 3))]
        case TypeKind.LINK if type_.name is not None:
            return f"{type_.name[0]}{rng.randrange(30 if type_.name.startswith('item') else 5)}"
        case TypeKind.TEXT:
            return " ".join(rng.choices(WORDS, k=rng.choice((0, 1, 2, 3, 5, 8, 45))))
        case _:
            return rng.choice(CHOICES[type_.kind])


CHOICES: dict[TypeKind, Sequence[Any]] = {
    TypeKind.KEYWORD: KEYWORDS, TypeKind.INT: INTS, TypeKind.FLOAT: FLOATS, TypeKind.BOOL: (True, False), TypeKind.TIME: TIMES,
    TypeKind.DURATION: DURATIONS, TypeKind.BYTES: (b"", b"\x00\xff", b"a"),
}  # fmt: skip
