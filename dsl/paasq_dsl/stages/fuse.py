"""fuse: several retrievals as one ranking."""

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext, require_records
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import BoundStage, FuseBranch, FuseStage, Schema
from paasq_dsl.diagnostics import replacement_fix, similar_names
from paasq_dsl.source_text import Span
from paasq_dsl.stages.retrieval import bind_weights, with_score_columns
from paasq_dsl.stages.spec import Method, StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import FLOAT, INT

METHODS = {
    "rrf": Method("Adds weight / (k + rank) over the branches.", ("k", "weights", "feedback")),
    "linear": Method("Adds weighted scores; those of match are divided by the best.", ("weights", "feedback")),
}
BRANCH_STAGES = (tree.Match, tree.Near, tree.Find, tree.Where, tree.Take, tree.Fuse)


def bind(context: BindContext, node: tree.Fuse, schema: Schema) -> FuseStage | None:
    """Binds each branch over the same input; adds `_score`, and for each branch a hidden score and rank."""
    if node.method not in METHODS:
        candidates = similar_names(node.method, METHODS) or tuple(METHODS)
        edit = replacement_fix(node.method_span, candidates)
        context.report("PQ0209", node.method_span, name=node.method, candidates=candidates, fix=edit)
        return None
    k = weights = feedback = None
    for option in node.options:
        known = METHODS[node.method].options
        if option.name not in known:
            span = Span(option.span.start, option.span.start + len(option.name))
            stage = f"fuse {node.method}"
            context.report_unknown("PQ0208", span, option.name, known, stage=stage, options=" and ".join(known))
        elif option.name == "k":
            k = bind_scalar(context, option.value, FLOAT, "k")
        elif option.name == "feedback":
            feedback = bind_scalar(context, option.value, INT, "feedback")
        else:
            weights = bind_weights(context, option, [branch.name for branch in node.branches])
    if not require_records(context, "fuse", schema, node.span):
        return None
    branches = tuple(_branch(context, branch, schema) for branch in node.branches)
    names = [b.name for b in branches]
    for i, branch in enumerate(node.branches):
        if branch.name in names[:i]:
            start = branch.span.start
            context.report("PQ0205", Span(start, start + len(branch.name)), name=branch.name)
    if len(branches) < 2:
        context.report("PQ0405", node.span)
    if not all(b.stages for b in branches):
        return None
    return FuseStage(node.method, k, weights, feedback, branches, schema=with_score_columns(schema, names))


def _branch(context: BindContext, branch: tree.FuseBranch, schema: Schema) -> FuseBranch:
    stages: list[BoundStage] = []
    for node in branch.stages:
        if not isinstance(node, BRANCH_STAGES):
            context.report("PQ0404", node.span)
            return FuseBranch(branch.name, ())
        bound = context.bind_stage(node, schema)
        if bound is None:
            return FuseBranch(branch.name, ())
        stages.append(bound)
        schema = bound.schema
    if not schema.has_scores:
        context.report("PQ0404", branch.span)
        return FuseBranch(branch.name, ())
    return FuseBranch(branch.name, tuple(stages))


def _role(words: Sequence[str]) -> CompletionRole:
    if "(" in words:
        return CompletionRole.NOTHING
    if len(words) == 1:
        return CompletionRole.METHOD
    return CompletionRole.SCALAR if words[-1] in {"=", "[", ","} else CompletionRole.OPTION


STAGE = StageSpec(
    tree.Fuse, "fuse rrf [k=60] | linear [weights=[..]] [feedback=3] (name: retrieval, ...)",
    "Ranks the rows of several retrievals together. rrf adds weight / (k + rank); linear adds weighted scores, match scores "
    "divided by the best. `_rank.name` and `_score.name` stay. A branch gives 1,000 rows unless its take says otherwise. "
    "With feedback=3 the three best rows draw what near looks for to them, and the fusion is done anew.",
    'from pep | fuse rrf k=60 (words: match "typing", sense: near embedding to "type hints" | take 100)', bind, role=_role,
    options={
        "k": "How little the first ranks count above the others; 60 where nothing is said.",
        "weights": "One number a branch, in their order.",
        "feedback": "How many of the best rows draw what near looks for to them, before the fusion is done anew; 3 in find.",
    },
    methods=METHODS,
)  # fmt: skip
