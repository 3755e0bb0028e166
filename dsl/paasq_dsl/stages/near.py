"""near: nearest by meaning."""

import re
from collections.abc import Sequence

from paasq_dsl.binder.coercion import infer_parameter_type
from paasq_dsl.binder.context import BindContext, require_records
from paasq_dsl.binder.expressions import bind_expression, bind_scalar
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import BoundExpression, Constant, NearStage, ParameterRef, Schema
from paasq_dsl.catalog import Field
from paasq_dsl.diagnostics import Diagnostic, make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.stages.retrieval import report_unknown_option, resolve_vector_field, with_score_columns
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.syntax.lexer import REF_PATTERN
from paasq_dsl.types import ANY, BOOL, STRING_KINDS, TypeKind

_RECORD = re.compile(REF_PATTERN)
OPTIONS = {
    "exact": "Scan every vector.",
}


def bind(context: BindContext, node: tree.Near, schema: Schema) -> NearStage | None:
    """The target must be text, a vector or a record (PQ0304), and the field one of vectors (PQ0402, PQ0406, PQ0416).
    Adds `_score`."""
    target = infer_parameter_type(bind_expression(context, node.target, Schema(())), ANY)
    number_list = (
        target.type.kind is TypeKind.LIST
        and target.type.item
        and target.type.item.kind in {TypeKind.INT, TypeKind.FLOAT, TypeKind.ANY}
    )
    if target.type.kind not in STRING_KINDS | {TypeKind.VECTOR, TypeKind.ANY} and not number_list:
        context.report(
            "PQ0304",
            node.target.span,
            what="what near goes to",
            expected="text, a vector or a record",
            found=with_article(target.type),
        )
    _warn_of_record_text(context, target)
    exact = None
    for option in node.options:
        if option.name in OPTIONS:
            exact = bind_scalar(context, option.value, BOOL, "exact")
        else:
            report_unknown_option(context, "near", option, OPTIONS)
    if not require_records(context, "near", schema, node.span):
        return None
    span = node.field_span if node.field else node.span
    field = resolve_vector_field(context, "near", node.field, span, schema, of_text=target.type.kind in STRING_KINDS)
    if field is not None and schema.collection is not None:
        _check_record(context, node, target, schema.collection.fields_by_name[field])
    return None if field is None else NearStage(field, target, exact, schema=with_score_columns(schema))


def _warn_of_record_text(context: BindContext, target: BoundExpression) -> None:
    """PQ0472 where a literal, or the value of a parameter without a type, is a text that reads as a record."""
    kind = TypeKind.ANY if isinstance(target, ParameterRef) else TypeKind.KEYWORD
    if not isinstance(target, (Constant, ParameterRef)) or target.type.kind is not kind:
        return
    collections = context.catalog.collections

    def check(text: str, span: Span) -> tuple[Diagnostic, ...]:
        name = text.strip().partition(":")[0]
        if _RECORD.fullmatch(text.strip()) is None or collections.get(name) is None:
            return ()
        what, instead = "this text", "write it without quotes"
        if isinstance(target, ParameterRef):
            what = f"the value of ${target.name}"
            instead = f"declare `param ${target.name}: link<{name}>` and give its key"
        return (make_diagnostic("PQ0472", span, what=what, instead=instead),)

    context.check_text(target, check)


def _check_record(context: BindContext, node: tree.Near, target: BoundExpression, field: Field) -> None:
    collection = context.catalog.collections.get(target.type.name or "")
    if target.type.kind is TypeKind.LINK and collection is not None and collection.vector_field_like(field) is None:
        expected = f"a record that has a vector like {field.name}"
        found = with_article(target.type)
        context.report("PQ0304", node.target.span, what="what near goes to", expected=expected, found=found)


def _role(words: Sequence[str]) -> CompletionRole:
    if "to" not in words[1:]:
        return CompletionRole.VECTOR_FIELD if len(words) == 1 else CompletionRole.NOTHING
    if words[-1] == "=":
        return CompletionRole.SCALAR
    return CompletionRole.ARGUMENT if words[-1] in {"to", "(", "[", ","} else CompletionRole.OPTION


STAGE = StageSpec(
    tree.Near, "near [field] to text | vector | record [exact=true]",
    "Orders the rows that have a vector by how near it is to the target: a text (embedded by the field's model), a vector, "
    "or a stored record. `_score` is the cosine. exact=true scans every vector.",
    'from pep | near embedding to "structural pattern matching" | take 5', bind, role=_role,
    words={
        "to": "What near goes to: a text, a vector or a record.",
    },
    options=OPTIONS,
)  # fmt: skip
