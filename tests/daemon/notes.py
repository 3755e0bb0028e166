"""A small world with every type of field in it."""

from __future__ import annotations

from typing import Any

from paasq_daemon.wire.database import Database

SCHEMA = """
collection note {
  key id: keyword
  title: text(en)
  body: text
  tags: [keyword]
  n: int
  x: float
  at: time
  span: duration
  done: bool default false
  next: [link<note>]
  meaning: vector(auto) from title, body
  place: vector(2)
}
"""
COUNT = 120
_SUBJECTS = ("rent", "harbour", "bicycle", "soup", "budget", "night train", "winter garden", "violin")


def records() -> list[dict[str, Any]]:
    """Links lead round in circles; the largest ints of a sum of all would not fit 64 bits."""
    return [
        {
            "id": f"n{i}",
            "title": f"About the {_SUBJECTS[i % len(_SUBJECTS)]} {i}",
            "body": f"What was said of the {_SUBJECTS[i * 3 % len(_SUBJECTS)]}, part {i % 7}.",
            "tags": ["a", "b", "c"][: i % 4],
            "n": 2**62 if i % 10 == 9 else i,
            "x": i / 3,
            "at": f"20{10 + i % 16}-0{1 + i % 9}-11T10:00:00Z",
            "span": f"{1 + i}h",
            "done": i % 2 == 0,
            "next": [f"n{(i + 1) % COUNT}", f"n{i * 7 % COUNT}"],
            "place": [float(i), 1.0],
        }
        for i in range(COUNT)
    ]


def fill(database: Database) -> None:
    database.query(SCHEMA)
    database.put("note", records())
    database.embed()
