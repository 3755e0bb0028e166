"""What a store still says of a canary, asked through each of its doors."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import PaasqError
from torture.canary import COLLECTION, KEY, PLACE, WORDS, Canary
from torture.file_traces import held_in

# What each gives is searched for the canary's words. It must not repeat what it was asked with.
Door = Callable[[Database, Canary], Any]


def door_traces(db: Database, canary: Canary) -> list[str]:
    """The names of the doors that tell something of it, with the words they tell. An error tells what its message does."""
    found: list[str] = []
    for name, door in DOORS.items():
        try:
            said = door(db, canary)
        except PaasqError as error:
            said = f"{error.message} {error.hint}"
        text = said if isinstance(said, str) else json.dumps(said, default=str)
        told = [word for word in WORDS if word in text.lower()]
        found += [f"{name}: {', '.join(told)}"] if told else []
    return found


def _rows(text: str, **params: Any) -> Door:
    return lambda db, _: db.query(text, **params).to_json()["rows"]


def _as_of_any_moment(db: Database, _: Canary) -> list[Any]:
    """From the first moment on that can still be asked for."""
    found: list[Any] = []
    for seq in range(1, db.status()["seq"] + 1):
        try:
            found.append(_answer(db.query(f"from {COLLECTION} as of seq {seq}")))
        except PaasqError as error:
            found.append(error.message)
    return found


def _next_page(db: Database, canary: Canary) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = canary.page_cursor
    while cursor:
        answer = db.query(f"from {COLLECTION} | sort id | page 3 after $cursor", cursor=cursor)
        found.append(_answer(answer))
        cursor = answer.cursor
    return found


def _watched(after: Callable[[Canary], str | int]) -> Door:
    """The first events of a watch that goes on from a moment at which the canary was there."""

    def events(db: Database, canary: Canary) -> Any:
        with db.watch(f"watch from {COLLECTION} after $moment", moment=after(canary)) as watch:
            db.put("other", {"id": "tick", "title": "so that there is an event at least"})
            return next(watch).to_json()["events"]

    return events


def _dumped(db: Database, canary: Canary) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        into = Path(scratch) / "archive"
        db.dump(into, history=True)
        return " ".join(held_in(into.read_bytes(), canary.needles))


def _resolved(db: Database, canary: Canary) -> str:
    """Without what it was asked with."""
    answer = db.query("resolve $citation", citation=canary.citation)
    return json.dumps(answer.to_json()["rows"]).replace(json.dumps(canary.citation), "").replace(KEY, "")


def _answer(answer: Answer) -> Any:
    shown = answer.to_json()
    return shown["rows"], shown["facets"]


DOORS: Mapping[str, Door] = {
    "get": lambda db, _: db.get(COLLECTION, KEY),
    "query": _rows(f"from {COLLECTION}"),
    "query by key": _rows(f"from {COLLECTION}:{KEY}"),
    "where": _rows(f"from {COLLECTION} | where mood == $mood | select id", mood="zqmood"),
    "computed field": _rows(f"from {COLLECTION} | where loud == $loud | select id", loud="ZQLATER WORDS"),
    "match": _rows(f'from {COLLECTION} | match body "zqbody" | select id'),
    "match of a prefix": _rows(f'from {COLLECTION} | match "zqlat*" | select id'),
    "find and snippet": _rows(
        f'from {COLLECTION} | find "walk with words" | take 9 | select id, found = snippet(body, 80)'
    ),
    "near a vector": _rows(f"from {COLLECTION} | near place to $place | take 1 | select id", place=PLACE),
    "near a meaning": lambda db, canary: _answer(
        db.query(f"from {COLLECTION} | near meaning to $meaning | take 1 | select id", meaning=canary.meaning)
    ),
    "facet": lambda db, _: _answer(db.query(f"from {COLLECTION} | facet mood, tags | select number = 1")),
    "summarize": _rows(f"from {COLLECTION} | summarize most = max(amount) by mood"),
    "values": lambda db, _: db.values(COLLECTION, "mood", "zq"),
    "values of a list": lambda db, _: db.values(COLLECTION, "tags", "zq"),
    "keys": lambda db, _: db.values(COLLECTION, "id", "zq"),
    "describe": _rows(f"describe {COLLECTION}"),
    "resolve": _resolved,
    "as of any moment": _as_of_any_moment,
    "as of a snapshot": _rows(f'from {COLLECTION} as of snapshot "before"'),
    "page cursor": _next_page,
    "watch cursor": _watched(lambda canary: canary.watch_cursor),
    "watch after a sequence number": _watched(lambda canary: canary.planted_seq),
    "dump with history": _dumped,
}
