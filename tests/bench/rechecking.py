"""How long an editor waits for the errors of a long script after one key press."""

from __future__ import annotations

import random
import time

from bench.timing import Timing, percentiles
from paasq_dsl.binder.incremental import IncrementalChecker
from paasq_dsl.catalog import Catalog
from paasq_editor.analysis import DocumentAnalysis
from paasq_editor.features.diagnostics import diagnostics

LINES = 1_000
KEYS = (
    "aeiou xyz123|.,;()[]{}\"`'/*=<>$@:\n"  # some break nothing, some the rest of the line, some the rest of the text
)
SEED = 7

_COLLECTION = """/// What is kept of {n}.
collection thing{n} {{
  key id: keyword
  title: text(en)
  tags: [keyword]
  owner: link<thing{before}>
  created: time
  weight: float default 1.5
  embedding: vector(auto) from title
}};
"""
_DECLARATIONS = """param $p{n}: int = {n};
fn boost{n}(x: float): float = if(x > {n}.5, x * 2.0, coalesce(x, 0.0));
let recent{n} = from thing{n} | where created > @now - {n}d and not (tags has any ["a", "b"]);
"""
_QUERIES = """// the newest of {n}
from recent{n}
| where weight > 0.5 and owner->title == "x"
| sort created desc
| take $p{n}
| select id, title, w = boost{n}(weight), who = owner->title;
from thing{n} | find "quarterly budget" | facet tags top 5 | take 8;
from thing{n} | fuse rrf k=60 (
    text: match title^3 "quarterly budget",
    vec: near embedding to "quarterly budget" | take 100)
| take 20;
from thing{n} | summarize n = count(), w = avg(weight) by day = bucket(created, 1d) fill null | sort day;
put thing{n} {{id: "a{n}", title: "Call Ana", tags: ["work"], created: @now, weight: 2.5}} expect absent;
patch thing{n} where weight > 3.0 set weight = weight - 1.0;
"""


def script() -> str:
    """Collections, parameters, functions, lets, queries and writes, as in a project; without an error."""
    blocks: list[str] = []
    while sum(block.count("\n") for block in blocks) < LINES:
        n = len(blocks)
        blocks.append("".join(t.format(n=n, before=max(n - 1, 0)) for t in (_COLLECTION, _DECLARATIONS, _QUERIES)))
    return "".join("".join(blocks).splitlines(keepends=True)[:LINES])


def rechecking(presses: int) -> Timing:
    """From a text that has just changed by one character to its diagnostics in the editors' protocol."""
    chance, checker, text = random.Random(SEED), IncrementalChecker(), script()
    diagnostics(DocumentAnalysis(text, Catalog(), checker=checker))
    taken: list[float] = []
    for _ in range(presses):
        at = chance.randrange(len(text))
        typed = text[:at] + chance.choice(KEYS) + text[at:]
        started = time.perf_counter()
        diagnostics(DocumentAnalysis(typed, Catalog(), checker=checker))
        taken.append((time.perf_counter() - started) * 1000)
    return percentiles(taken)
