"""One record by which a store can be searched: each of its values is found nowhere else."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.wire.database import Database

COLLECTION, KEY = "diary", "zqkey"
SCHEMA = f"""
collection {COLLECTION} {{
  key id: keyword
  title: text(en)
  body: text
  mood: keyword
  tags: [keyword]
  amount: int
  at: time
  loud: text = upper(title)
  meaning: vector(auto) from title, body
  place: vector(3)
}};
collection other {{ key id: keyword  title: text }};
"""
OTHERS = [
    {"id": f"plain{number}", "title": f"A walk by the harbour {number}", "body": "Soup and bread.", "mood": "calm",
     "tags": ["walk"], "amount": number, "at": "2026-11-20T10:00:00Z", "place": [float(number), 1.0, 2.0]}
    for number in range(5)
]  # fmt: skip
AMOUNT = int.from_bytes(b"zqamount", "big")  # as the columns and msgpack store it, it reads "zqamount" or the reverse
PLACE = [0.7182817, -31.415926, 1234.5678]
FIRST = {
    "id": KEY, "title": "zqearlier words", "body": "zqbody was here", "mood": "zqmood", "tags": ["zqtag", "walk"],
    "amount": AMOUNT, "at": "2011-03-04T05:06:07Z", "place": PLACE,
}  # fmt: skip
SECOND = FIRST | {"title": "zqlater words"}
WORDS = ("zqkey", "zqearlier", "zqlater", "zqbody", "zqmood", "zqtag", "zqamount", str(AMOUNT))
TERMS = ("zqearli", "zqearlier", "zqlater", "zqbodi", "zqbody")  # as analyzers write them


@dataclass(frozen=True)
class Canary:
    """The canary as it was planted, with what a client may have kept of it. `needles` are byte strings by name."""

    needles: dict[str, bytes]
    meaning: list[float]
    citation: str
    page_cursor: str
    watch_cursor: str
    planted_seq: int

    @property
    def key(self) -> str:
        return KEY


def plant(db: Database, *, snapshot: bool = True) -> Canary:
    """Put the canary, replace it once, index it by every means and keep a cursor of each kind. Others are there too."""
    db.query(SCHEMA)
    db.put(COLLECTION, OTHERS)
    db.put("other", {"id": "o", "title": "of another collection"})
    db.put(COLLECTION, FIRST)
    db.query(f'from {COLLECTION} | match "zqearlier" | select id')  # so that the index has had the first version, too
    planted = db.put(COLLECTION, SECOND)
    db.embed()
    cited = db.query(f'from {COLLECTION} | match body "zqbody" | passages body | cite | select _cite')
    page = db.query(
        f"from {COLLECTION} | sort id desc | page 1"
    )  # the canary is on it; the next pages are of its moment
    before = db.query(f"from {COLLECTION} | sort id | page 3")
    assert page[0].id == KEY
    assert before.cursor
    with db.watch(f"watch from {COLLECTION}") as watch:
        watch_cursor = next(watch).cursor
    assert watch_cursor
    if snapshot:
        db.snapshot_create("before")
    meaning = np.asarray(db.query(f"from {COLLECTION}:{KEY} | select meaning")[0].meaning, np.float32)
    return Canary(
        _needles(meaning),
        [float(number) for number in meaning],
        cited[0]["_cite"],
        before.cursor,
        watch_cursor,
        planted.seq,
    )


def _needles(meaning: NDArray[Any]) -> dict[str, bytes]:
    place = np.asarray(PLACE, np.float32)
    unit = place / np.linalg.norm(place)
    reverse = {"zqamount, little-endian": struct.pack("<q", AMOUNT)}
    vectors = {
        "place": place.tobytes(), "place, of unit length": unit.astype(np.float32).tobytes(),
        "meaning": meaning[:8].tobytes(),
        "meaning, of unit length": (meaning / np.linalg.norm(meaning)).astype(np.float32)[:8].tobytes(),
    }  # fmt: skip
    words = {word: word.encode() for word in WORDS} | {word.upper(): word.upper().encode() for word in WORDS}
    return words | reverse | vectors
