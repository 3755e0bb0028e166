"""resolve: what citations quote."""

from __future__ import annotations

from paasq_dsl.binder.coercion import infer_parameter_type
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.literals import literal_source
from paasq_dsl.binder.type_descriptions import describe_expression
from paasq_dsl.bound import BoundResolveCitations, Schema
from paasq_dsl.citations import CitationError, parse_citation
from paasq_dsl.diagnostics import Diagnostic, make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.statements.spec import StatementSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role
from paasq_dsl.types import ANY, STRING_KINDS, TypeKind


def _resolve(context: BindContext, node: tree.ResolveCitations, _: str) -> BoundResolveCitations:
    bound = infer_parameter_type(bind_expression(context, node.citations, Schema(())), ANY)
    kind = (bound.type.item or bound.type).kind
    if kind not in STRING_KINDS | {TypeKind.ANY, TypeKind.NULL} or bound.type.kind in {TypeKind.LINK, TypeKind.NULL}:
        expected, found = "a citation or a list of such, in quotes", describe_expression(bound)
        context.report("PQ0304", node.citations.span, what="what resolve reads", expected=expected, found=found)
    written = node.citations.items if isinstance(node.citations, tree.ListLiteral) else (node.citations,)
    for part in written:
        if isinstance(part, tree.Literal) and isinstance(part.value, str):
            context.check_text(literal_source(context, part), _check_citation)
    return BoundResolveCitations(bound)


def _check_citation(text: str, span: Span) -> tuple[Diagnostic, ...]:
    try:
        parse_citation(text)
    except CitationError as error:
        return (make_diagnostic(error.code, span, **error.words),)
    return ()


STATEMENTS = (
    StatementSpec(
        "resolve", 'resolve "collection:key@version.field[start..end]" | [citation, ...] | $citations',
        "Tells what citations quote, and whether that is still so.",
        role=constant_role(CompletionRole.ARGUMENT),
        binders={tree.ResolveCitations: _resolve},
    ),
)  # fmt: skip
