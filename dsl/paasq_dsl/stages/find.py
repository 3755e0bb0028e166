"""find: by words and by meaning at once."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext, require_records
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import BoundExpression, BoundStage, Constant, FuseBranch, FuseStage, MatchStage, NearStage, Schema
from paasq_dsl.stages.retrieval import (
    bind_weights,
    check_match_query,
    report_missing_field,
    report_unknown_option,
    resolve_text_fields,
    text_fields,
    vector_fields,
    with_score_columns,
)
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, innermost_open_bracket
from paasq_dsl.types import FLOAT, INT, TEXT, list_of

# Linear fusion with these had the best nDCG@10 on the judged collections together: docs/retrieval.md has the table.
TEXT_WEIGHT = 0.35
VECTOR_WEIGHT = 0.65
FEEDBACK_DOCUMENTS = 5
OPTIONS = {
    "weights": "One number a branch, in their order.",
}


def bind(context: BindContext, node: tree.Find, schema: Schema) -> BoundStage | None:
    """Binds as a linear fuse of a match over text and a near for each vector made of text, or as the one of them
    there is; None without a field to search (PQ0402)."""
    check_match_query(context, node.query_text)
    if not require_records(context, "find", schema, node.span):
        return None
    words = bind_scalar(context, node.query_text, TEXT, "what find looks for")
    texts, vectors = text_fields(schema), _of_text(schema)
    if not texts and not vectors:
        report_missing_field(context, "find", "text or vector", schema, node.span)
        return None
    senses = ["vector"] if len(vectors) == 1 else list(vectors)
    asked = _weights(context, node, ["text"] * bool(texts) + senses)
    parts: list[tuple[FuseBranch, float]] = []
    if texts:
        fields = resolve_text_fields(context, "find", node.fields, node.span, schema)
        match = MatchStage(fields, words, None, schema=with_score_columns(schema))
        parts.append((FuseBranch("text", (match,)), TEXT_WEIGHT))
    for name, branch in zip(vectors, senses, strict=True):
        near = NearStage(name, words, None, schema=with_score_columns(schema))
        parts.append((FuseBranch(branch, (near,)), VECTOR_WEIGHT / len(vectors)))
    if len(parts) == 1:
        return parts[0][0].stages[0]
    weights = asked or Constant(-1, list_of(FLOAT), [weight for _, weight in parts])
    branches = tuple(branch for branch, _ in parts)
    feedback = Constant(-1, INT, FEEDBACK_DOCUMENTS) if vectors else None
    return FuseStage(
        "linear", None, weights, feedback, branches, schema=with_score_columns(schema, [b.name for b in branches])
    )


def _weights(context: BindContext, node: tree.Find, parts: list[str]) -> BoundExpression | None:
    found: BoundExpression | None = None
    for option in node.options:
        if option.name not in OPTIONS:
            report_unknown_option(context, "find", option, OPTIONS)
        elif len(parts) < 2:
            context.report("PQ0411", option.span)
        else:
            found = bind_weights(context, option, parts)
    return found


def _of_text(schema: Schema) -> tuple[str, ...]:
    """The vector fields that words can be compared with: those computed from text."""
    fields = schema.collection.fields_by_name if schema.collection else {}
    return tuple(name for name in vector_fields(schema) if fields[name].source_fields)


def _role(words: Sequence[str]) -> CompletionRole:
    if len(words) == 1:
        return CompletionRole.ARGUMENT
    if words[-1] in {"=", "["} or (words[-1] == "," and innermost_open_bracket(words) >= 0):
        return CompletionRole.SCALAR
    return CompletionRole.TEXT_FIELD if words[-1] in {"in", ","} else CompletionRole.OPTION


STAGE = StageSpec(
    tree.Find, 'find "words" [in field[^weight], ...] [weights=[..]]',
    "Searches every text field by words and every `vector(auto)` field by meaning, and fuses both. "
    "`_score.text` and `_score.vector` say what each part found. With in only those text fields are searched by words; "
    "weights are that of the words, 0.35, and of the vector fields, 0.65 together.",
    'from pep | find "faster function calls" | take 8', bind, role=_role,
    options=OPTIONS,
)  # fmt: skip
