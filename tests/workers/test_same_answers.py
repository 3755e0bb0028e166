"""A worker answers as the daemon itself would, whatever is written, altered, compacted, trimmed or forgotten meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from paasq_daemon.wire.errors import ConflictError
from paasq_daemon.wire.request import Request
from paasq_daemon.workers.tasks import QueryTask
from workers.conftest import Pooled

SCHEMA = """
collection place { key id: keyword  name: keyword };
collection note { key id: keyword  title: text  body: text  tags: [keyword]  n: int  at: time  spot: link<place>  v: vector(3) }
"""
ASKED = (
    'from note | match "river" | take 5 | select id, _score',
    'from note | match title "stone bridge" | select id, _score, snippet(title)',
    'from note | where n > 3 and tags has "a" | sort n, id | select id, n, tags',
    "from note | near v to [1, 0, 0] | take 5 | select id, _score",
    "from note | summarize c = count(), m = max(n) by name = spot->name | sort name",
    "from note | facet tags",
    "from note | select id, _version, _seq | sort id",
    "from place | lookup many note on id == note.spot as note | select id, note.id | sort id",
    "describe note",
    "show collections",
)
WORDS = ("river", "stone", "bridge", "water", "old", "new", "café", "naïve")


def _record(rng: random.Random, key: str) -> dict[str, object]:
    return {
        "id": key,
        "title": " ".join(rng.choices(WORDS, k=3)),
        "body": " ".join(rng.choices(WORDS, k=rng.randrange(1, 40))),
        "tags": rng.sample("abc", rng.randrange(3)),
        "n": rng.randrange(10),
        "spot": rng.choice(["p1", "p2", None]),
        "v": [rng.random() for _ in range(3)],
    }


def _put(pooled: Pooled, rng: random.Random, count: int) -> None:
    keys = rng.sample(range(3_000), count)
    pooled.instance.records.put("note", [_record(rng, f"n{key}") for key in keys])


def _rewrite(pooled: Pooled) -> None:
    pooled.instance.store.rewrite()


def _renew_text(pooled: Pooled) -> None:
    pooled.instance.indexes.text_renewal.renew([2])


CHANGES: dict[str, Callable[[Pooled, random.Random], object]] = {
    "few put": lambda pooled, rng: _put(pooled, rng, 5),
    "many put": lambda pooled, rng: _put(pooled, rng, 900),
    "patched": lambda pooled, rng: pooled.rows("patch note where n == $n set n = n + 1", n=rng.randrange(10)),
    "deleted": lambda pooled, rng: pooled.rows("delete from note where n == $n", n=rng.randrange(10)),
    "field added": lambda pooled, rng: pooled.rows(f"alter collection note add field f{rng.randrange(10**6)}: int = 3"),
    "compacted": lambda pooled, _: pooled.instance.indexes.compact(),
    "text filled anew": lambda pooled, _: _renew_text(pooled),
    "data file replaced": lambda pooled, _: _rewrite(pooled),
    "history trimmed": lambda pooled, _: pooled.instance.store.trim(pooled.instance.store.seq),
    "checkpoint": lambda pooled, _: pooled.instance.indexes.checkpoint(),
    "forgotten": lambda pooled, rng: pooled.rows("forget from note where n == $n", n=rng.randrange(10)),
    "dropped": lambda pooled, _: pooled.rows("collection gone { key id: keyword }; drop collection gone"),
}


@pytest.mark.parametrize("seed", range(4))
def test_after_each_change(pooled: Pooled, seed: int) -> None:
    rng = random.Random(seed)
    pooled.rows(SCHEMA)
    pooled.rows('put place [{id: "p1", name: "Here"}, {id: "p2", name: "There"}]')
    _put(pooled, rng, 300)
    for _ in range(10):
        name = rng.choice(list(CHANGES))
        CHANGES[name](pooled, rng)
        for text in rng.sample(ASKED, 4):
            expected = pooled.instance.engine.query(Request(text))
            for _ in range(2):  # by either worker
                assert pooled.answer(text).to_json()["rows"] == expected.to_json()["rows"], (name, text)


def test_what_a_script_writes_its_next_statement_reads(pooled: Pooled) -> None:
    pooled.rows(SCHEMA)
    text = 'put note {id: "x", title: "river"}; patch note where n == null set n = 3; from note | match "river" | select id, n'
    assert pooled.rows(text) == [["x", 3]]


def test_a_past_moment(pooled: Pooled) -> None:
    pooled.rows(SCHEMA)
    before = pooled.answer('put note {id: "x", title: "river", n: 1}').seq
    pooled.rows('patch note where id == "x" set n = 2, title = "stone"')
    assert pooled.rows(f'from note as of seq {before} | match "river" | select id, n') == [["x", 1]]


def test_a_word_is_embedded_by_the_daemon(pooled: Pooled) -> None:
    pooled.rows("collection memo { key id: keyword  body: text  v: vector(auto) from body }")
    pooled.rows('put memo [{id: "a", body: "the cat sleeps"}, {id: "b", body: "tax return"}]')
    assert pooled.rows('from memo | near v to "a kitten naps" | take 1 | select id') == [["a"]]


def test_writes_of_many_clients_lose_nothing(pooled: Pooled) -> None:
    """Each is decided in a worker on what was there, and done only where that is so still."""
    pooled.rows('collection counter { key id: keyword  n: int }; put counter [{id: "a", n: 0}, {id: "b", n: 0}]')
    texts = (
        "patch counter where n >= 0 set n = n + 1",
        "put counter from (from counter | extend n = n + 1 | select id, n)",
    )
    running = [pooled.begin(QueryTask(Request(texts[i % 2])), client=f"c{i % 4}") for i in range(40)]
    for each in running:
        each.result(60)
    assert pooled.rows("from counter | sort id | select n") == [[40], [40]]


def test_a_write_that_fails_names_its_place(pooled: Pooled) -> None:
    pooled.rows(
        'collection c { key id: keyword  n: int  d: int required }; put c [{id: "a", n: 0, d: 1}, {id: "b", n: 5, d: 1}]'
    )
    with pytest.raises(ConflictError, match=r"^write 2 of 2, delete c: there is no c:zz"):
        pooled.rows("tx { delete c:a; delete c:zz }")
    with pytest.raises(ConflictError):
        pooled.rows('put c {id: "a", d: 2} expect absent')
    assert pooled.rows("from c | sort id | select n") == [[0], [5]]


def test_a_dryrun_changes_nothing(pooled: Pooled) -> None:
    pooled.rows('collection c { key id: keyword  n: int }; put c [{id: "a", n: 0}, {id: "b", n: 5}]')
    text = "dryrun patch c where n > 1 set n = n + 1"
    assert pooled.rows(text) == pooled.instance.engine.query(Request(text)).rows
    assert pooled.rows("from c | sort id | select n") == [[0], [5]]
