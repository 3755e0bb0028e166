"""find: by words and by meaning at once."""

from __future__ import annotations

from paasq_dsl.binder.context import Context, needs_records
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import Bound, BoundStage, Constant, FuseBranch, FuseStage, MatchStage, NearStage, Schema
from paasq_dsl.stages.retrieval import (
    bind_weights,
    check_match_words,
    chosen_text_fields,
    missing_field,
    scored,
    text_fields,
    unknown_option,
    vector_fields,
)
from paasq_dsl.stages.spec import Verb
from paasq_dsl.syntax import tree
from paasq_dsl.types import FLOAT, INT, TEXT, list_of

# Linear fusion with these had the best nDCG@10 on the judged collections together: docs/retrieval.md has the table.
WEIGHT_OF_WORDS = 0.35
WEIGHT_OF_SENSE = 0.65
FEEDBACK = 5
OPTIONS = ("weights",)


def bind(context: Context, node: tree.Find, schema: Schema) -> BoundStage | None:
    check_match_words(context, node.words)
    if not needs_records(context, "find", schema, node.span):
        return None
    words = bind_scalar(context, node.words, TEXT, "what find looks for")
    texts, vectors = text_fields(schema), _of_text(schema)
    if not texts and not vectors:
        missing_field(context, "find", "text or vector", schema, node.span)
        return None
    senses = ["vector"] if len(vectors) == 1 else list(vectors)
    asked = _weights(context, node, ["text"] * bool(texts) + senses)
    parts: list[tuple[FuseBranch, float]] = []
    if texts:
        fields = chosen_text_fields(context, "find", node.fields, node.span, schema)
        match = MatchStage(fields, words, None, schema=scored(schema))
        parts.append((FuseBranch("text", (match,)), WEIGHT_OF_WORDS))
    for name, branch in zip(vectors, senses, strict=True):
        near = NearStage(name, words, None, schema=scored(schema))
        parts.append((FuseBranch(branch, (near,)), WEIGHT_OF_SENSE / len(vectors)))
    if len(parts) == 1:
        return parts[0][0].stages[0]
    weights = asked or Constant(-1, list_of(FLOAT), [weight for _, weight in parts])
    branches = tuple(branch for branch, _ in parts)
    feedback = Constant(-1, INT, FEEDBACK) if vectors else None
    return FuseStage("linear", None, weights, feedback, branches, schema=scored(schema, [b.name for b in branches]))


def _weights(context: Context, node: tree.Find, parts: list[str]) -> Bound | None:
    found: Bound | None = None
    for option in node.options:
        if option.name not in OPTIONS:
            unknown_option(context, "find", option, OPTIONS)
        elif len(parts) < 2:
            context.report("PQ0411", option.span)
        else:
            found = bind_weights(context, option, parts)
    return found


def _of_text(schema: Schema) -> tuple[str, ...]:
    """The vector fields that words can be compared with: those computed from text."""
    fields = schema.collection.by_name if schema.collection else {}
    return tuple(name for name in vector_fields(schema) if fields[name].sources)


VERB = Verb(
    "find", tree.Find, 'find "words" [in field[^weight], ...] [weights=[..]]',
    "Searches every text field by words and every `vector(auto)` field by meaning, and fuses both. "
    "`_score.text` and `_score.vector` say what each part found. With in only those text fields are searched by words; "
    "weights are that of the words, 0.35, and of the vector fields, 0.65 together.",
    'from pep | find "faster function calls" | take 8', bind,
)  # fmt: skip
