"""What match, near, find and fuse share: the columns they add and the fields they search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.binder.fixes import replace_span
from paasq_dsl.binder.literals import literal_source
from paasq_dsl.bound import BoundExpression, ColumnInfo, Schema
from paasq_dsl.diagnostics import Diagnostic, make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import format_string
from paasq_dsl.syntax.match_query import ClauseKind, MatchQueryError, Occur, parse_match_query
from paasq_dsl.types import FLOAT, INT, TypeKind, list_of

SCORE_COLUMN = ColumnInfo("_score", FLOAT)


def with_score_columns(schema: Schema, branches: Iterable[str] = ()) -> Schema:
    """The columns after a retrieval stage: `_score`, and for each branch its own score and rank (from 1), hidden."""
    added = [SCORE_COLUMN]
    for name in branches:
        added += [ColumnInfo(f"_score.{name}", FLOAT, hidden=True), ColumnInfo(f"_rank.{name}", INT, hidden=True)]
    names = {c.name for c in added}
    columns = tuple(c for c in schema.columns if c.name not in names)
    return replace(schema, columns=(*columns, *added), has_scores=True)


def text_fields(schema: Schema) -> tuple[str, ...]:
    """The names of the collection's text fields, in order of declaration; none where rows are no records."""
    return tuple(f.name for f in schema.collection.fields_of_kind(TypeKind.TEXT)) if schema.collection else ()


def vector_fields(schema: Schema) -> tuple[str, ...]:
    """The names of the collection's vector fields, in order of declaration; none where rows are no records."""
    return tuple(f.name for f in schema.collection.fields_of_kind(TypeKind.VECTOR)) if schema.collection else ()


def resolve_vector_field(
    context: BindContext, stage: str, name: str | None, span: Span, schema: Schema, *, of_text: bool = True
) -> str | None:
    """The vector field a stage works with: the one named, or the only one; `of_text`: or the only one that is made of text.
    Reports where that is none; None where the collection has no vectors."""
    known = vector_fields(schema)
    made = tuple(
        n for n in known if schema.collection is not None and schema.collection.fields_by_name[n].source_fields
    )
    if name is None and of_text and len(made) == 1:
        return made[0]
    if not known:
        report_missing_field(context, stage, "vector", schema, span)
        return None
    first = known[0]
    if name is not None and name not in known:
        context.report("PQ0406", span, name=name, expected="a vector field", candidates=known)
    elif name is None and len(known) > 1:
        assert schema.collection is not None
        context.report("PQ0416", span, collection=schema.collection.name, candidates=known)
    return first if name not in known else name


def resolve_text_fields(
    context: BindContext, stage: str, named: tuple[tree.WeightedField, ...], span: Span, schema: Schema
) -> tuple[tuple[str, float], ...]:
    """The text fields that are named, with weights. Reports a name that is none, and a collection without text."""
    if not text_fields(schema):
        report_missing_field(context, stage, "text", schema, span)
        return ()
    known = [w for w in named if resolve_text_field(context, stage, w.name, w.span, schema)]
    return tuple((w.name, w.weight) for w in known)


def report_unknown_option(context: BindContext, stage: str, option: tree.Option, known: Iterable[str]) -> None:
    """PQ0208 at the option's name, with similar options as candidates."""
    span = Span(option.span.start, option.span.start + len(option.name))
    context.report_unknown("PQ0208", span, option.name, known, stage=stage, options=" and ".join(known))


def bind_weights(context: BindContext, option: tree.Option, branches: Sequence[str]) -> BoundExpression:
    """A list of numbers, one for each branch; reports a literal one of another length."""
    bound = bind_scalar(context, option.value, list_of(FLOAT), "weights")
    if isinstance(option.value, tree.ListLiteral) and len(option.value.items) != len(branches):
        context.report("PQ0417", option.span, count=len(branches), branches=", ".join(branches))
    return bound


def resolve_text_field(context: BindContext, stage: str, name: str, span: Span, schema: Schema) -> str | None:
    """The text field of this name. Reports where it is none."""
    known = text_fields(schema)
    if name in known:
        return name
    assert schema.collection is not None
    if not known:
        report_missing_field(context, stage, "text", schema, span)
    elif name in schema.collection.fields_by_name:
        context.report("PQ0406", span, name=name, expected="a text field", candidates=known)
    else:
        context.report_unknown("PQ0202", span, name, known, where=schema.collection.name)
    return None


def report_missing_field(context: BindContext, stage: str, kind: str, schema: Schema, span: Span) -> None:
    """PQ0402: the collection has no field of the kind, text or vector, that the stage needs."""
    name = schema.collection.name if schema.collection else "this"
    context.report("PQ0402", span, collection=name, kind=kind, stage=stage)


def check_match_query(context: BindContext, words: tree.Expression) -> None:
    """A literal match text is read now, so that the editor shows what is wrong with it."""
    if not isinstance(words, tree.Literal) or not isinstance(words.value, str):
        return
    try:
        parse_match_query(words.value)
    except MatchQueryError as error:
        context.report(error.code, _inside(words, error.offset), **error.words)
        return
    context.check_text(literal_source(context, words), _misread_words)


def _misread_words(text: str, span: Span) -> tuple[Diagnostic, ...]:
    """Of a match text at `span`."""
    try:
        clauses = parse_match_query(text).clauses
    except MatchQueryError:  # another literal of the plan: the run says so
        return ()
    found: list[Diagnostic] = []
    if clauses and all(c.occur is Occur.MUST_NOT for c in clauses):
        found.append(make_diagnostic("PQ0471", span))
    operators = [c.text for c in clauses if c.kind is ClauseKind.WORD and c.text.strip("(") in {"AND", "OR"}]
    if operators and len(clauses) > 1 and not text.isupper():
        better = _with_signs(text)
        edit = replace_span(span, format_string(better)) if better else None
        found.append(make_diagnostic("PQ0470", span, word=operators[0], fix=edit))
    return tuple(found)


_OPERATORS = frozenset({"AND", "OR", "NOT"})


def _with_signs(text: str) -> str | None:
    """`a AND NOT b` as `+a -b`; None where brackets, quotes or both AND and OR leave more than one meaning."""
    words = text.split()
    if any(c in text for c in '"()') or {"AND", "OR"} <= set(words):
        return None
    found: list[str] = []
    for i, word in enumerate(words):
        beside = (words[i - 1] if i else "", words[i + 1] if i + 1 < len(words) else "")
        if word not in _OPERATORS:
            sign = "-" if beside[0] == "NOT" else "+" if "AND" in beside else ""
            found.append(word if word[0] in "+-" else f"{sign}{word}")
    return " ".join(found)


def _inside(words: tree.Literal, offset: int) -> Span:
    """From an offset of a match text to its end, where the literal is written as it reads; else the whole literal."""
    shown = format_string(cast("str", words.value))
    if len(shown) != words.span.end - words.span.start:
        return words.span
    before = len(format_string(cast("str", words.value)[:offset])) - 1
    return Span(words.span.start + before, words.span.end - 1)
