"""`make bench`: how long everything takes, in this process and over a socket, beside other means for the same work."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from paasq_daemon.index.blas_threads import limit_blas_threads

limit_blas_threads()  # as the daemon does; it must come before numpy

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from bench import machine, references  # noqa: E402
from bench.compiling import compiling  # noqa: E402
from bench.daemon import serving  # noqa: E402
from bench.notes import SCHEMA, Corpus, MixingEmbedder, make_corpus  # noqa: E402
from bench.operations import Case, cases  # noqa: E402
from bench.rechecking import LINES, rechecking  # noqa: E402
from bench.timing import Timing, measure, milliseconds  # noqa: E402
from bench.watching import watching  # noqa: E402
from paasq import Database  # noqa: E402
from paasq._embedded_database import EmbeddedDatabase  # noqa: E402
from paasq_daemon.embed.minilm import DIMENSION, bundled_embedder  # noqa: E402
from paasq_daemon.engine import Engine  # noqa: E402
from paasq_daemon.wire.request import Request  # noqa: E402

PUT_RECORDS = 1_000
EMBEDDED_TEXTS = 100


def main() -> None:
    options = _options()
    console = Console(width=None if Console().is_terminal else 110)
    console.print(machine.describe(), soft_wrap=True)
    console.print(_editing(100 if options.quick else 1_000))
    with tempfile.TemporaryDirectory(prefix="paasq-bench-") as scratch:
        for rows in options.rows or ([2_000] if options.quick else [18_000, 100_000]):
            console.print(_measured(Path(scratch) / str(rows), make_corpus(rows), 0.05 if options.quick else 0.5))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help="of the collection measured; may be given repeatedly")
    parser.add_argument("--quick", action="store_true", help="few rows, few repeats: does it all still run?")
    return parser.parse_args()


def _editing(presses: int) -> Table:
    table = Table(title="the editor; milliseconds", title_justify="left")
    for heading in ("", "p50", "p95"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row(f"errors of a script of {LINES:,} lines, after a key press", *_cells(rechecking(presses)))
    return table


def _measured(folder: Path, corpus: Corpus, seconds: float) -> Table:
    """Everything about a collection of one size."""
    table = Table(
        title=f"{len(corpus.notes):,} records; milliseconds, medians and 95th percentiles", title_justify="left"
    )
    for heading in ("", "p50", "p95", "socket p50", "p95", "ratio", "instead"):
        table.add_column(heading, justify="left" if heading in {"", "instead"} else "right")
    for name, rate in _filled(folder, corpus):
        table.add_row(name, *[""] * 5, f"{rate:,.0f} a second")
    table.add_section()
    todo = cases(corpus)
    with _opened(folder) as (engine, store):
        here = _timed(store, todo, seconds)
        compiled = compiling(engine, seconds)
    with serving(folder, folder / "bench.sock") as client:
        there = _timed(client, todo, seconds)
        watched = list(watching(client, seconds))
    instead = references.full_text(corpus, seconds) | references.exact_scan(len(corpus.notes), DIMENSION, seconds)
    for case in todo:
        other = "" if case.reference is None else _beside(case.reference, instead, here[case.name])
        ratio = f"{there[case.name].p50_ms / here[case.name].p50_ms:.1f}"
        table.add_row(case.name, *_cells(here[case.name]), *_cells(there[case.name]), ratio, other)
    table.add_section()
    for name, timing in watched:
        table.add_row(name, "", "", *_cells(timing))
    table.add_section()
    for found in compiled:
        cold = f"cold {milliseconds(found.cold.p50_ms)}: hit is {found.cold.p50_ms / found.hit.p50_ms:.0f} times faster"
        ratio = f"{cold}; the same text again {milliseconds(found.again.p50_ms)}"
        table.add_row(f"plan of {found.length:,} characters, hit", *_cells(found.hit), "", "", "", ratio)
    return table


def _filled(folder: Path, corpus: Corpus) -> Iterator[tuple[str, float]]:
    """Fill a store; what was done, and how often a second."""
    texts = [note["body"] for note in corpus.notes[:EMBEDDED_TEXTS]]
    bundled_embedder().embed(texts[:1])
    started_s = time.perf_counter()
    mixing = MixingEmbedder(texts)
    yield "embed a text", len(texts) / (time.perf_counter() - started_s)
    engine = Engine.open(folder, embedder=mixing)
    engine.query(Request(SCHEMA))
    engine.put("pep", corpus.peps)
    for collection in ("plain", "note"):
        started_s = time.perf_counter()
        for start in range(0, len(corpus.notes), PUT_RECORDS):
            engine.put(collection, corpus.notes[start : start + PUT_RECORDS])
        what = "put a record, by 1,000" + (", its vector pending" if collection == "note" else "")
        yield what, len(corpus.notes) / (time.perf_counter() - started_s)
    engine.close()
    engine = Engine.open(folder, embedder=mixing, sync=False)
    engine.embed(seconds_max=None)
    started_s = time.perf_counter()
    engine.query(Request('from note | match body "first" | take 1'))
    yield "index a record's text", len(corpus.notes) / (time.perf_counter() - started_s)
    engine.close()


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[Engine, Database]]:
    engine = Engine.open(folder)
    with EmbeddedDatabase(engine) as store:
        yield engine, store


def _timed(store: Database, todo: list[Case], seconds: float) -> dict[str, Timing]:
    return {case.name: measure(partial(case.run, store), seconds) for case in todo}


def _beside(name: str, instead: Mapping[str, Timing], here: Timing) -> str:
    who = "numpy scan" if name == "near" else "SQLite FTS5"
    return f"{who} {milliseconds(instead[name].p50_ms)}: {instead[name].p50_ms / here.p50_ms:.1f} times ours"


def _cells(timing: Timing) -> tuple[str, str]:
    return milliseconds(timing.p50_ms), milliseconds(timing.p95_ms)


if __name__ == "__main__":
    main()
