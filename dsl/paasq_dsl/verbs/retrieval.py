"""What match, near, find and fuse share: the columns they add and the fields they search."""

from __future__ import annotations

from collections.abc import Iterable

from paasq_dsl.binder.context import Context
from paasq_dsl.bound import ColumnInfo, Schema
from paasq_dsl.source import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.matchtext import MatchTextError, parse_match_text
from paasq_dsl.types import FLOAT, INT, Kind

SCORE = ColumnInfo("_score", FLOAT)


def scored(schema: Schema, branches: Iterable[str] = ()) -> Schema:
    """The columns behind a retrieval stage: `_score`, and for each branch its own score and rank (from 1), hidden."""
    added = [SCORE]
    for name in branches:
        added += [ColumnInfo(f"_score.{name}", FLOAT, hidden=True), ColumnInfo(f"_rank.{name}", INT, hidden=True)]
    names = {c.name for c in added}
    columns = tuple(c for c in schema.columns if c.name not in names)
    return Schema((*columns, *added), schema.collection, schema.open, retrieved=True)


def text_fields(schema: Schema) -> tuple[str, ...]:
    return tuple(f.name for f in schema.collection.of_kind(Kind.TEXT)) if schema.collection else ()


def vector_fields(schema: Schema) -> tuple[str, ...]:
    return tuple(f.name for f in schema.collection.of_kind(Kind.VECTOR)) if schema.collection else ()


def missing_field(context: Context, stage: str, kind: str, schema: Schema, span: Span) -> None:
    name = schema.collection.name if schema.collection else "this"
    context.report("PQ0402", span, collection=name, kind=kind, stage=stage)


def check_match_words(context: Context, words: tree.Literal | tree.Parameter) -> None:
    """A literal match text is read now, so that the editor shows what is wrong with it."""
    if not isinstance(words, tree.Literal) or not isinstance(words.value, str):
        return
    try:
        parse_match_text(words.value)
    except MatchTextError as error:
        context.report("PQ0116", words.span, found=str(error))
