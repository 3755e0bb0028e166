"""The collection that is measured: notes made of the shipped passages, recombined where these are too few."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from paasq_daemon.embed.minilm import bundled_embedder

SAMPLES = Path(__file__).parents[2] / "samples" / "peps"
TOPICS = ("work", "home", "health", "travel", "money", "people", "books", "garden")
SCHEMA = """
collection pep { key id: keyword  title: text(en) };
collection plain {
  key id: keyword
  topic: keyword
  share: int
  created: time
  source: link<pep>
  title: text(en)
  body: text(en)
};
collection note {
  key id: keyword
  topic: keyword
  share: int          // 0 to 99, evenly: `share < 10` keeps a tenth
  created: time
  source: link<pep>
  title: text(en)
  body: text(en)
  embedding: vector(auto) from title, body
};
"""

Record = dict[str, Any]


@dataclass(frozen=True)
class Corpus:
    peps: list[Record]
    notes: list[Record]
    questions: list[str]  # all different: titles with headings


def make_corpus(rows: int) -> Corpus:
    """`rows` notes, the same at each call: the passages as they are, then passages of halves of two others."""
    chance = random.Random(7)
    passages = _read("passages.jsonl.gz")
    questions = list(dict.fromkeys(f"{p['title']} {p['section']}".replace('"', " ") for p in passages))
    chance.shuffle(questions)
    bodies = [p["body"] for p in passages[:rows]]
    while len(bodies) < rows:
        one, other = chance.choice(passages)["body"], chance.choice(passages)["body"]
        bodies.append(one[: len(one) // 2] + " " + other[len(other) // 2 :])
    notes = [
        {
            "id": f"n{number}",
            "topic": chance.choice(TOPICS),
            "share": chance.randrange(100),
            "created": f"{chance.randrange(2000, 2026)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
            "source": passages[number % len(passages)]["pep"],
            "title": passages[number % len(passages)]["section"],
            "body": body,
        }
        for number, body in enumerate(bodies)
    ]
    peps = [{"id": pep["id"], "title": pep["title"]} for pep in _read("peps.jsonl.gz")]
    return Corpus(peps, notes, questions)


class MixingEmbedder:
    """Passes for the bundled model, and gives mixtures of real vectors in no time: as spread, but meaning nothing."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.identity, self.size = bundled_embedder().identity, bundled_embedder().size
        self._real = bundled_embedder().embed(texts)
        self._chance = np.random.default_rng(7)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        picks = self._chance.integers(0, len(self._real), (3, len(texts)))
        mixed = self._real[picks[0]] + 0.5 * self._real[picks[1]] + 0.25 * self._real[picks[2]]
        mixed += self._chance.normal(0, 0.02, mixed.shape)
        vectors: NDArray[np.float32] = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
        return vectors

    def tokens(self, text: str) -> int:
        return bundled_embedder().tokens(text)


def _read(name: str) -> list[Record]:
    with gzip.open(SAMPLES / name) as stream:
        return [orjson.loads(line) for line in stream]
