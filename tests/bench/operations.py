"""What is measured of a store, in this process and over a socket alike."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from bench.notes import Corpus
from paasq import Database

Operation = Callable[[Database, int], object]


@dataclass(frozen=True)
class Case:
    """`reference` names the line of `references` that does the same."""

    name: str
    run: Operation
    reference: str | None = None


def words_of(corpus: Corpus) -> list[str]:
    """Words of the notes, neither the rarest nor all alike, shuffled the same way at each call."""
    chance = random.Random(3)
    words = sorted(
        {word.lower() for note in corpus.notes[:2000] for word in re.findall(r"[A-Za-z]{5,12}", note["body"])}
    )
    chance.shuffle(words)
    return words[:1500]


def cases(corpus: Corpus) -> list[Case]:
    words, questions = words_of(corpus), corpus.questions
    phrases = [
        f'"{found[0]}"' for n in corpus.notes[:600] if (found := re.search(r"[A-Za-z]{4,9} [A-Za-z]{4,9}", n["body"]))
    ]
    near = "near embedding to $q | take 10 | select id, title"
    match = "match body $q | take 10 | select id, title"

    def get(store: Database, number: int) -> object:
        return store.get("note", corpus.notes[number % len(corpus.notes)]["id"])

    def asked(text: str, values: list[str]) -> Operation:
        return lambda store, number: store.query(text, q=values[number % len(values)])

    def put(collection: str) -> Operation:
        def run(store: Database, number: int) -> object:
            return store.put(collection, {**corpus.notes[number % len(corpus.notes)], "id": f"p{random.random()}"})

        return run

    def plain(text: str) -> Operation:
        return lambda store, _: store.query(text)

    return [
        Case("get by key", get),
        Case("match, 1 word", asked(f"from note | {match}", words), "match 1"),
        Case("match, 3 words", asked(f"from note | {match}", _triples(words)), "match 3"),
        Case("match, phrase", asked(f"from note | {match}", phrases), "match phrase"),
        Case("near, new text", asked(f"from note | {near}", questions)),
        Case("near, known text", asked(f"from note | {near}", questions[:1]), "near"),
        Case("near, 50 % pass", asked(f"from note | where share < 50 | {near}", questions[:1])),
        Case("near, 10 % pass", asked(f"from note | where share < 10 | {near}", questions[:1])),
        Case("near, 1 % pass", asked(f"from note | where share < 1 | {near}", questions[:1])),
        Case("find, new text", asked("from note | find $q | take 10 | select id, title", questions[500:])),
        Case("find, known text", asked("from note | find $q | take 10 | select id, title", questions[500:501])),
        Case(
            "where, sort, take",
            asked(
                "from note | where topic == $q and share < 50 | sort created desc | take 10 | select id",
                ["work", "home"],
            ),
        ),
        Case("sort by keyword", plain("from note | sort id | take 10 | select id")),
        Case(
            "facets of a match", asked("from note | match body $q | facet topic, bucket(created, 5y) | take 10", words)
        ),
        Case("summarize by year", plain("from note | summarize n = count() by year = bucket(created, 1y)")),
        Case("follow links", plain("from note | where share < 1 | follow source | take 10 | select id")),
        Case("put of one record", put("plain")),
        Case("... with its vector", put("note")),
    ]


def _triples(words: list[str]) -> list[str]:
    return [" ".join(words[i : i + 3]) for i in range(0, len(words) - 2, 3)]
