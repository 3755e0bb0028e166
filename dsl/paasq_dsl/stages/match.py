"""match: words and phrases in text fields."""

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext, require_records
from paasq_dsl.binder.expressions import bind_expression, bind_scalar
from paasq_dsl.binder.type_descriptions import describe_expression
from paasq_dsl.bound import BoundExpression, MatchStage, Schema
from paasq_dsl.stages.retrieval import (
    check_match_query,
    report_unknown_option,
    resolve_text_fields,
    text_fields,
    with_score_columns,
)
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import INT, TEXT, TypeKind

OPTIONS = {
    "min": "How many of the words without a sign must be there; 1 where nothing is said.",
}


def bind(context: BindContext, node: tree.Match, schema: Schema) -> MatchStage | None:
    """Needs records (PQ0401) and text fields (PQ0402); a literal query text is checked here. Adds `_score`."""
    words = _words(context, node)
    least = None
    for option in node.options:
        if option.name in OPTIONS:
            least = bind_scalar(context, option.value, INT, "min")
        else:
            report_unknown_option(context, "match", option, OPTIONS)
    if not require_records(context, "match", schema, node.span):
        return None
    fields = resolve_text_fields(context, "match", node.fields, node.span, schema)
    return MatchStage(fields, words, least, schema=with_score_columns(schema)) if text_fields(schema) else None


def _words(context: BindContext, node: tree.Match) -> BoundExpression:
    if not node.is_more_like_this:
        check_match_query(context, node.query_text)
        return bind_scalar(context, node.query_text, TEXT, "what match looks for")
    record = bind_expression(context, node.query_text, Schema(()))
    if record.type.kind is not TypeKind.LINK:
        what = "what match looks for the like of"
        context.report(
            "PQ0304", node.query_text.span, what=what, expected="a record", found=describe_expression(record)
        )
    return record


def _role(words: Sequence[str]) -> CompletionRole:
    if words[-1] in {"match", ","}:
        return CompletionRole.TEXT_FIELD
    if words[-1] == "=":
        return CompletionRole.SCALAR
    return CompletionRole.OPTION if any(word[0] in {'"', "$"} for word in words) else CompletionRole.ARGUMENT


STAGE = StageSpec(
    tree.Match, 'match [field[^weight], ...] "words" [min=1] | like record',
    "Keeps the rows with these words in the named text fields (all of them where none is named), best first by BM25. Inside "
    'the string: words, \\"phrases\\", +must, -not, prefix*, fuzzy~1, word^3. With min=2 two at least of what has no sign must '
    "be there. `match like pep:8` looks for the 25 words that tell most about that record.",
    r'from pep | match title^3, abstract "\"pattern matching\" -draft"', bind, role=_role,
    words={
        "like": "A record, whose most telling words are looked for.",
    },
    options=OPTIONS,
)  # fmt: skip
