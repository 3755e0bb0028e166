"""Sentences about the words that are neither stages nor functions: those have a registry of their own.

Tests hold these tables against the grammar, the types and the options of the stages.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from paasq_dsl.stages import STAGES
from paasq_dsl.statements import STATEMENTS

KEYWORD_DOCS: Mapping[str, str] = MappingProxyType({
    **{word: doc for stage in STAGES for word, doc in stage.words.items()},
    **{word: doc for statement in STATEMENTS for word, doc in statement.words.items()},
    "and": "True where both sides are.",
    "or": "True where one side is.",
    "not": "True where what follows is not; `not in` asks the other way round.",
    "in": "Is the value in a list or in a half-open range `a..b`?",
    "has": "Does a list hold this item? `has any [..]` and `has all [..]` ask for several.",
    "any": "has any [..]: at least one of these.",
    "all": "has all [..]: every one of these; history all: past versions are kept for ever.",
    "true": "The bool true.",
    "false": "The bool false.",
    "null": "No value. == and != compare it like any other.",
    "where": "The records that the condition is true of.",
    "from": "Where the rows, or the words of a computed vector, come from.",
    "of": "as of seq n, as of snapshot; fields of a collection.",
    "seq": "A sequence number of the store: each write has the next one.",
    "snapshot": "The moment at which a snapshot was made.",
    "collection": "The collection that is changed or dropped.",
    "view": "The view that is dropped.",
    "drop": "A field that is forgotten; its values are gone from all answers at once.",
    "put": "A write.",
    "patch": "A write.",
    "delete": "A write.",
    "forget": "An erasure, of which dryrun shows what would go.",
    "tx": "Writes that happen all or not at all.",
})  # fmt: skip

TYPE_DOCS: Mapping[str, str] = MappingProxyType({
    "keyword": "A short string compared as a whole.",
    "text": "Prose, searched word by word; `text(en)` stems its words.",
    "int": "A whole number of 64 bits.",
    "float": "A number of 64 bits with a point.",
    "bool": "true or false.",
    "time": "An instant, to the microsecond.",
    "duration": "A length of time, such as 7d or 1h30min.",
    "bytes": "Bytes as they are, in JSON as text in base64.",
    "link": "The key of a record of one collection: `link<person>`.",
    "vector": "`vector(384)`, or `vector(auto) from title, body`: computed by the store.",
})  # fmt: skip

# What follows the name of a type where one is picked.
TYPE_SNIPPETS: Mapping[str, str] = MappingProxyType({"link": "link<", "vector": "vector(auto) from "})

MOMENT_DOCS: Mapping[str, str] = MappingProxyType({
    "now": "The time at which the script began.",
    "today": "The beginning of today.",
    "tomorrow": "The beginning of tomorrow.",
    "yesterday": "The beginning of yesterday.",
})  # fmt: skip
