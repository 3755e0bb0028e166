"""Everything that is measured, in groups: in this process and over a socket, beside other means for the same work."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench import references
from bench.calibration import calibration
from bench.compiling import Compiling, compiling
from bench.daemon import serving
from bench.figures import Figure, Options, timed
from bench.notes import SCHEMA, Corpus, MixingEmbedder, make_corpus
from bench.operations import Case, cases
from bench.rechecking import LINES, rechecking
from bench.snapshots import snapshots
from bench.timing import Timing, measure, milliseconds
from bench.watching import watching
from paasq import Database
from paasq._embedded_database import EmbeddedDatabase
from paasq_daemon.embed.minilm import DIMENSION, bundled_embedder
from paasq_daemon.instance import Instance
from paasq_daemon.wire.request import Request

PUT_RECORDS = 1_000
EMBEDDED_TEXTS = 100


def groups(options: Options) -> Iterator[list[Figure]]:
    """Each group of figures as soon as it is measured, the calibration first."""
    yield calibration(options.seconds)
    pressed = f"errors of a script of {LINES:,} lines, after a key press"
    yield [timed("editor", pressed, rechecking(options.presses))]
    with tempfile.TemporaryDirectory(prefix="paasq-bench-") as scratch:
        for rows in options.rows:
            yield from _collection(Path(scratch) / str(rows), make_corpus(rows), options.seconds)
        yield from snapshots(Path(scratch) / "snapshots", options.snapshot_records)


def _collection(folder: Path, corpus: Corpus, seconds: float) -> Iterator[list[Figure]]:
    """Everything about a collection of one size."""
    size, todo = f"{len(corpus.notes):,} records", cases(corpus)
    yield [Figure(f"{size}, filling", name, "1/s", rate) for name, rate in _filled(folder, corpus)]
    with _opened(folder) as (instance, store):
        here = _timed(store, todo, seconds)
        compiled = compiling(instance, seconds)
    with serving(folder, folder / "bench.sock") as client:
        there = _timed(client, todo, seconds)
        watched = list(watching(client, seconds))
    other = references.full_text(corpus, seconds) | references.exact_scan(len(corpus.notes), DIMENSION, seconds)
    yield [timed(f"{size}, in process", c.name, here[c.name], _beside(c, other, here)) for c in todo]
    socket = f"{size}, over a socket"
    yield [timed(socket, c.name, there[c.name], _times(there[c.name], here[c.name])) for c in todo]
    yield [timed(f"{size}, watches", name, timing) for name, timing in watched]
    yield [figure for found in compiled for figure in _plan(f"{size}, plans", found)]


def _plan(group: str, found: Compiling) -> list[Figure]:
    length = f"{found.length:,} characters"
    times = f"cold is {found.cold.p50_ms / found.hit.p50_ms:.0f} times that"
    return [
        timed(group, f"{length}, cold", found.cold),
        timed(group, f"{length}, hit", found.hit, times),
        timed(group, f"{length}, the same text again", found.again),
    ]


def _filled(folder: Path, corpus: Corpus) -> Iterator[tuple[str, float]]:
    """Fill a store; what was done, and how often a second."""
    texts = [note["body"] for note in corpus.notes[:EMBEDDED_TEXTS]]
    bundled_embedder().embed(texts[:1])
    started_s = time.perf_counter()
    mixing = MixingEmbedder(texts)
    yield "embed a text", len(texts) / (time.perf_counter() - started_s)
    instance = Instance.open(folder, embedder=mixing)
    instance.engine.query(Request(SCHEMA))
    instance.records.put("pep", corpus.peps)
    for collection in ("plain", "note"):
        started_s = time.perf_counter()
        for start in range(0, len(corpus.notes), PUT_RECORDS):
            instance.records.put(collection, corpus.notes[start : start + PUT_RECORDS])
        what = "put a record, by 1,000" + (", its vector pending" if collection == "note" else "")
        yield what, len(corpus.notes) / (time.perf_counter() - started_s)
    instance.close()
    instance = Instance.open(folder, embedder=mixing, sync=False)
    instance.embedding.run(seconds_max=None)
    started_s = time.perf_counter()
    instance.engine.query(Request('from note | match body "first" | take 1'))
    yield "index a record's text", len(corpus.notes) / (time.perf_counter() - started_s)
    instance.close()


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[Instance, Database]]:
    instance = Instance.open(folder)
    with EmbeddedDatabase(instance) as store:
        yield instance, store


def _timed(store: Database, todo: list[Case], seconds: float) -> dict[str, Timing]:
    return {case.name: measure(partial(case.run, store), seconds) for case in todo}


def _beside(case: Case, other: Mapping[str, Timing], here: Mapping[str, Timing]) -> str:
    if case.reference is None:
        return ""
    timing = other[case.reference]
    who = "numpy scan" if case.reference == "near" else "SQLite FTS5"
    return f"{who} {milliseconds(timing.p50_ms)}: {timing.p50_ms / here[case.name].p50_ms:.1f} times ours"


def _times(there: Timing, here: Timing) -> str:
    return f"{there.p50_ms / here.p50_ms:.1f} times in process"
