"""The table of limits in docs/semantics.md says what the code does. UPDATE=1 writes it."""

from __future__ import annotations

import os
import re

from docs.page import DOCS
from paasq_daemon.index.analyzers import TERM_BYTES_MAX
from paasq_daemon.index.text_search import SIGNIFICANT_TERMS_MAX
from paasq_daemon.kernels import join, output_limits
from paasq_daemon.kernels.aggregate import statistics
from paasq_daemon.kernels.scalar import regex
from paasq_daemon.operators import (
    context,
    diversify,
    facet,
    follow,
    fuse,
    link_traversal,
    page,
    passages,
    row_limits,
    summarize,
)
from paasq_daemon.operators.result_limiter import ROWS_MAX
from paasq_daemon.server.limits import DEFAULT_LIMITS
from paasq_daemon.store.layout import BODY_BYTES_MAX, KEY_BYTES_MAX, READERS_MAX
from paasq_daemon.wire.default_paths import SOCKET_PATH_BYTES_MAX
from paasq_daemon.wire.exact_json import JSON_DEPTH_MAX
from paasq_daemon.wire.project_modules import MODULES_MAX
from paasq_daemon.workers.pooled_watch import RUN_MS_MAX
from paasq_daemon.workers.worker_pool import MEMORY_BYTES_MAX
from paasq_daemon.writes.decided_writes import RECORDS_MAX
from paasq_daemon.writes.vectorizer import INLINE_RECORDS_MAX
from paasq_dsl.binder.collection_declarations import VECTOR_SIZE_MAX
from paasq_dsl.syntax import match_query, parser, stage_splitter

PAGE = DOCS / "semantics.md"
TABLE = re.compile(r"(?<=\| what \| limit \|\n\|---\|---\|\n)(\|.*\n)*")
MIB = 2**20
LIMITS = (
    ("a text", f"{parser.TEXT_CHARACTERS_MAX:,} characters"),
    ("brackets in each other", f"{stage_splitter.NESTING_MAX}"),
    ("errors reported for one text", f"{parser.DIAGNOSTICS_MAX}"),
    ("modules of one text", f"{MODULES_MAX}"),
    (
        "the words of a match or find, as a literal",
        f"{match_query.TEXT_BYTES_MAX:,} bytes, {match_query.CLAUSES_MAX} words and phrases",
    ),
    (
        "the same, as a parameter",
        f"{match_query.CLAUSES_MAX} words and phrases; of more the {SIGNIFICANT_TERMS_MAX} most telling",
    ),
    ("letters wrong in a fuzzy word", f"{match_query.EDIT_DISTANCE_MAX}"),
    ("a word that can be searched", f"{TERM_BYTES_MAX} bytes"),
    ("a regular expression", f"{regex.PATTERN_CHARACTERS_MAX:,} characters"),
    ("a record's key", f"{KEY_BYTES_MAX} bytes"),
    ("a record", f"{BODY_BYTES_MAX // MIB} MiB"),
    ("a vector", f"{VECTOR_SIZE_MAX:,} numbers"),
    ("records of one put", f"{RECORDS_MAX:,}"),
    ("records of a write whose vectors are made at once", f"{INLINE_RECORDS_MAX}"),
    ("rows of an answer, where no budget says otherwise", f"{ROWS_MAX:,}, then a cursor"),
    ("rows of a branch of fuse, where no take says otherwise", f"{context.CANDIDATES_DEPTH:,}"),
    ("rows that give feedback to a fuse", f"{fuse.FEEDBACK_MAX}"),
    ("rows that diversify orders", f"{diversify.DEPTH}, with depth up to {diversify.DEPTH_MAX:,}"),
    ("records that passages cuts, and parts it embeds", f"{passages.DEPTH}, {passages.EMBEDDED_MAX}"),
    ("values of a facet, where no top says otherwise", f"{facet.FACET_VALUES_DEFAULT}"),
    ("rows that fill makes", f"{summarize.BUCKETS_MAX:,}"),
    ("ranges of a histogram", f"{statistics.RANGES_MAX:,}"),
    ("steps of follow", f"{follow.DEPTH_MAX}"),
    ("rows that one stage makes", f"{row_limits.OUTPUT_ROWS_MAX:,}"),
    ("pairs that a lookup finds", f"{join.JOIN_ROWS_MAX:,}"),
    ("items that one arrow reads", f"{link_traversal.ITEMS_MAX:,}"),
    ("characters that one function makes in a query", f"{output_limits.OUTPUT_CHARACTERS_MAX:,}"),
    ("a cursor", f"{page.CURSOR_CHARACTERS_MAX:,} characters"),
    ("a message on the socket, either way", f"{DEFAULT_LIMITS.frame_bytes_max // MIB} MiB"),
    ("JSON in each other", f"{JSON_DEPTH_MAX}"),
    ("requests of a connection at one time", f"{DEFAULT_LIMITS.in_flight_max}"),
    ("connections", f"{DEFAULT_LIMITS.connections_max}"),
    ("silence on a connection", f"{DEFAULT_LIMITS.idle_timeout_s / 60:g} minutes"),
    ("the path of a socket", f"{SOCKET_PATH_BYTES_MAX} bytes"),
    ("reads at one time", f"{READERS_MAX}"),
    ("memory that one request of the daemon takes", f"{MEMORY_BYTES_MAX // MIB} MiB"),
    ("one run of a watch of the daemon", f"{RUN_MS_MAX / 1000:g} s"),
)


def test_the_table_of_limits_is_current() -> None:
    made = "".join(f"| {what} | {limit} |\n" for what, limit in LIMITS)
    page_text = PAGE.read_text("utf-8")
    found = TABLE.search(page_text)
    assert found
    if os.environ.get("UPDATE") == "1":
        PAGE.write_text(page_text[: found.start()] + made + page_text[found.end() :], "utf-8")
    assert (made if os.environ.get("UPDATE") == "1" else found[0]) == made
