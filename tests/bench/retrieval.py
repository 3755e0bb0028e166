"""How good search is, on collections with relevance judgements: nDCG@10 and recall@100 of match, near, find and fuse.

    python tests/bench/retrieval.py [FOLDER...]

Each folder holds one collection in the layout of BEIR: corpus.jsonl, queries.jsonl, qrels.tsv; or folders of such. Without
one, the shipped proposals are the collection, and what they say of each other the judgements.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from pathlib import Path
from statistics import fmean
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

import paasq
from paasq import Database

SCHEMA = """
collection document {
  key id: keyword
  title: text(en)
  body: text(en)
  embedding: vector(auto) from title, body
};
"""
METHODS = {
    "match title, body": "match title, body $q",
    "match": "match $q",
    "near": "near embedding to $q",
    "find": "find $q",
    "fuse rrf": "fuse rrf (words: match $q, sense: near embedding to $q)",
}
PEPS = Path(__file__).parents[2] / "samples" / "peps" / "peps.jsonl.gz"
LINKS = ("requires", "replaces", "superseded_by")
PUT_RECORDS = 1_000
DEPTH = 100

Gains = Mapping[str, int]  # of the documents judged relevant to one query, by key


@dataclass(frozen=True)
class Judged:
    """One collection: texts to search, queries, and what they should find."""

    name: str
    documents: list[dict[str, str]]
    queries: Mapping[str, str]
    gains: Mapping[str, Gains]
    asking: Mapping[str, str] = field(
        default_factory=dict
    )  # the document that a query is a part of, which it must not find


@dataclass(frozen=True)
class Quality:
    """Means over the queries that have a relevant document; 0 to 1."""

    ndcg_at_10: float
    recall_at_100: float


def read_judged(folder: Path) -> Judged:
    documents = [
        {"id": line["_id"], "title": line.get("title", ""), "body": line["text"]}
        for line in _lines(folder / "corpus.jsonl")
    ]
    queries = {line["_id"]: line["text"] for line in _lines(folder / "queries.jsonl")}
    gains: dict[str, dict[str, int]] = {}
    with (folder / "qrels.tsv").open(newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            if int(row["score"]) > 0:
                gains.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return Judged(folder.name, documents, queries, gains)


def read_peps() -> list[Judged]:
    """The abstracts of the proposals, and two sets of questions, both titles: each to find its own abstract, and to find the
    proposals that it requires, replaces or is replaced by."""
    peps: list[dict[str, Any]] = [orjson.loads(line) for line in gzip.decompress(PEPS.read_bytes()).splitlines()]
    documents = [{"id": pep["id"], "title": "", "body": pep["abstract"]} for pep in peps]
    titles = {pep["id"]: pep["title"] for pep in peps}
    linked: dict[str, dict[str, int]] = {}
    for pep in peps:
        for other in {key.removeprefix("pep:") for name in LINKS for key in pep[name]} & titles.keys() - {pep["id"]}:
            linked.setdefault(pep["id"], {})[other] = 1
            linked.setdefault(other, {})[pep["id"]] = 1
    return [
        Judged("PEPs, their own", documents, titles, {key: {key: 1} for key in titles}),
        Judged("PEPs, linked", documents, titles, linked, asking={key: key for key in linked}),
    ]


def load(database: Database, judged: Judged) -> None:
    """Declare, put and embed. What a kept store has already is not done again."""
    if "document" in database.catalog().collections:
        return
    database.query(SCHEMA)
    for start in range(0, len(judged.documents), PUT_RECORDS):
        database.put("document", judged.documents[start : start + PUT_RECORDS])
    database.embed()


def quality(database: Database, judged: Judged, method: str) -> Quality:
    asked = [query for query in judged.queries if query in judged.gains]
    text = f"from document | where id != $but | {method} | take {DEPTH} | select id"
    found: dict[str, list[str]] = {}
    for query in asked:
        answer = database.query(text, q=plain_words(judged.queries[query]), but=judged.asking.get(query))
        found[query] = [row["id"] for row in answer]
    return Quality(
        fmean(ndcg(found[query], judged.gains[query]) for query in asked),
        fmean(recall(found[query], judged.gains[query]) for query in asked),
    )


def plain_words(text: str) -> str:
    """A question in which no character is an operator of match."""
    return "".join(c if c.isalnum() else " " for c in text)


def ndcg(found: Sequence[str], gains: Gains, depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002), the gain as judged."""
    ideal = sorted(gains.values(), reverse=True)
    return _discounted([gains.get(key, 0) for key in found[:depth]]) / _discounted(ideal[:depth])


def recall(found: Sequence[str], gains: Gains, depth: int = DEPTH) -> float:
    return len(gains.keys() & set(found[:depth])) / len(gains)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains, 1))


def _lines(path: Path) -> list[dict[str, str]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]


def _judged_folders(path: Path) -> list[Path]:
    return sorted(found.parent for found in path.rglob("qrels.tsv"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="*")
    parser.add_argument("--keep", metavar="STORES", type=Path, help="keep the stores here, to measure again sooner")
    options = parser.parse_args()
    folders = [folder for path in options.folders for folder in _judged_folders(path)]
    if options.folders and not folders:
        parser.error("no collection with a qrels.tsv is there")
    table = Table("collection", "documents", "queries", "method", "nDCG@10", "recall@100")
    with tempfile.TemporaryDirectory() as scratch:
        for judged in [read_judged(folder) for folder in folders] or read_peps():
            with paasq.open((options.keep or Path(scratch)) / judged.name) as database:
                load(database, judged)
                size = (judged.name, f"{len(judged.documents):,}", str(len(judged.gains)))
                for method, stage in METHODS.items():
                    reached = quality(database, judged, stage)
                    table.add_row(*size, method, f"{reached.ndcg_at_10:.3f}", f"{reached.recall_at_100:.3f}")
                    size = ("", "", "")
            table.add_section()
    Console().print(table)


if __name__ == "__main__":
    main()
