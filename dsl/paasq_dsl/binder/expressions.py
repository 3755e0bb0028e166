"""Expressions: names to columns, operators and functions to typed applications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from paasq_dsl.binder.coercion import coerce, expect_type, infer_parameter_type
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.date_hints import report_bare_dates
from paasq_dsl.binder.dialect_functions import is_nullary, report_no_matching_overload, report_unknown_function
from paasq_dsl.binder.inlining import InlineFunction, InlinePipeline, format_parameters, scoped_parameter_name
from paasq_dsl.binder.literals import bind_literal, bind_moment
from paasq_dsl.binder.operator_types import arithmetic_type, check_comparison, check_has, check_membership
from paasq_dsl.binder.paths import as_link_access, dereference, implicit_column_name, link_access_fix, report_object
from paasq_dsl.binder.subqueries import bind_subquery
from paasq_dsl.binder.time_zones import check_zones, session_zone, with_session_zone
from paasq_dsl.binder.type_descriptions import describe_expression, with_article
from paasq_dsl.bound import BoundExpression, ColumnRef, Constant, FunctionCall, ParameterRef, Schema
from paasq_dsl.bound.traversal import subqueries
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.diagnostics import Fix, replacement_fix
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import Function, FunctionKind, infer_result_type, parameter_type, unify
from paasq_dsl.object_paths import ancestor_paths
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.dialects.vocabulary import DIALECT_LITERALS
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.types import ANY, BOOL, NULL, Type, TypeKind, link_to, list_of

EMPTY_SCHEMA = Schema(())  # where an expression may not read columns
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


def bind_expression(context: BindContext, node: tree.Expression, schema: Schema) -> BoundExpression:
    """The typed expression over the columns of `schema`; of type any where something in it is wrong (and reported)."""
    return _BINDERS[type(node)](context, node, schema)


def bind_condition(context: BindContext, node: tree.Expression, schema: Schema) -> BoundExpression:
    """The expression as a bool over the columns of `schema`; any other type is reported, with a comparison as a
    suggestion."""
    bound = bind_expression(context, node, schema)
    return expect_type(context, bound, BOOL, node.span, "a condition", _as_condition(node, bound))


def _as_condition(node: tree.Expression, bound: BoundExpression) -> str | None:
    """The comparison to suggest for a field used as a condition: `field != null`, or `!= 0` for numbers."""
    if not isinstance(node, (tree.Name, tree.MemberAccess)) or bound.type.kind is TypeKind.NULL:
        return None
    return f"{implicit_column_name(node)} {'!= 0' if bound.type.kind in {TypeKind.INT, TypeKind.FLOAT} else '!= null'}"


def bind_scalar(context: BindContext, node: tree.Expression, type_: Type, what: str) -> BoundExpression:
    """An expression that may not read columns: the number of a take, the text of a match."""
    with context.subqueries_permitted(False):
        bound = bind_expression(context, node, EMPTY_SCHEMA)
    return expect_type(context, bound, type_, node.span, what)


def _name(context: BindContext, node: tree.Name, schema: Schema) -> BoundExpression:
    return _column(context, node.name, node.span, schema)


def _column(context: BindContext, name: str, span: Span, schema: Schema) -> BoundExpression:
    found = schema.columns_by_name.get(name)
    if found is None and not schema.is_open:
        _missing_column(context, name, span, schema)
    return ColumnRef(name, found.type if found else ANY, context.absolute_span(span))


def _missing_column(context: BindContext, name: str, span: Span, schema: Schema) -> None:
    better = DIALECT_LITERALS.get(name) or (f"{name}()" if is_nullary(name) else None)
    made_of_it = [c.name for c in schema.columns if c.name.endswith(f"_{name}")]
    if members := schema.members(name):
        report_object(context, name, [c.name for c in members], span)
    elif not schema.columns and better is None:
        candidates = (f"${name}",) if context.parameters.get(name) else ()
        context.report("PQ0211", span, name=name, candidates=candidates, fix=replacement_fix(span, candidates))
    elif schema.collection is not None and name in schema.collection.fields_by_name:
        context.report("PQ0210", span, name=name)
    elif context.is_outer_column(name):
        context.report("PQ0463", span, name=name)
    else:
        where = schema.collection.name if schema.collection else "this row"
        known = [c.name for c in schema.columns if c.name not in SYSTEM_COLUMNS]
        better = better or (made_of_it[0] if len(made_of_it) == 1 and schema.collection is None else None)
        context.report_unknown("PQ0202", span, name, known, equivalent=better, where=where)


def _parameter(context: BindContext, node: tree.Parameter, _: Schema) -> BoundExpression:
    if (own := context.own_parameters.get(node.name)) is not None:
        return ParameterRef(scoped_parameter_name(own.name), own.type, context.absolute_span(node.span))
    declared = context.parameters.get(node.name)
    if declared is None and context.undeclared_parameter_code:
        context.report(context.undeclared_parameter_code, node.span, name=f"${node.name}")
    type_ = declared.type if declared else ANY
    return ParameterRef(context.parameter_prefix + node.name, type_, context.absolute_span(node.span), context.zone)


def _ref(context: BindContext, node: tree.RecordRef, _: Schema) -> BoundExpression:
    context.resolve_collection(node.collection, Span(node.span.start, node.span.start + len(node.collection)))
    return Constant(-1, link_to(node.collection), node.key, context.absolute_span(node.span))


def _list(context: BindContext, node: tree.ListLiteral, schema: Schema) -> BoundExpression:
    items = tuple(bind_expression(context, item, schema) for item in node.items)
    item_type = NULL
    for item, written in zip(items, node.items, strict=True):
        together = unify(item_type, item.type)
        if together is None:
            if not report_bare_dates(context, (item, written.span)):
                expected, found = with_article(item_type), describe_expression(item)
                context.report("PQ0304", written.span, what="this item", expected=expected, found=found)
            return FunctionCall("[]", items, list_of(ANY), context.absolute_span(node.span))
        item_type = together
    return FunctionCall(
        "[]", items, list_of(ANY if item_type.kind is TypeKind.NULL else item_type), context.absolute_span(node.span)
    )


def _range(context: BindContext, node: tree.Range, schema: Schema) -> BoundExpression:
    low, high = (bind_expression(context, end, schema) for end in (node.low, node.high))
    low, high = infer_parameter_type(low, high.type), infer_parameter_type(high, low.type)
    type_ = unify(low.type, high.type)
    if report_bare_dates(context, (low, node.low.span), (high, node.high.span)):
        type_ = ANY
    elif type_ is None:
        context.report("PQ0302", node.span, left=describe_expression(low), right=describe_expression(high))
    return FunctionCall("..", (low, high), type_ or ANY, context.absolute_span(node.span))


def _unary(context: BindContext, node: tree.Unary, schema: Schema) -> BoundExpression:
    operand = bind_expression(context, node.operand, schema)
    if node.operator == "not":
        operand = expect_type(context, operand, BOOL, node.operand.span, "what follows not")
        return FunctionCall("not", (operand,), BOOL, context.absolute_span(node.span))
    if operand.type.kind not in {TypeKind.INT, TypeKind.FLOAT, TypeKind.DURATION, TypeKind.ANY, TypeKind.NULL}:
        context.report(
            "PQ0303", node.span, operator="-", expected="a number or a duration", found=with_article(operand.type)
        )
    return FunctionCall("negate", (operand,), operand.type, context.absolute_span(node.span))


def _logical(context: BindContext, node: tree.Logical, schema: Schema) -> BoundExpression:
    operands = tuple(bind_condition(context, operand, schema) for operand in node.operands)
    return FunctionCall(node.operator, operands, BOOL, context.absolute_span(node.span))


def _object_null_test(context: BindContext, node: tree.Binary, schema: Schema) -> BoundExpression | None:
    """`address == null`: everything that is in it is null."""
    for one, other in ((node.left, node.right), (node.right, node.left)):
        is_null = isinstance(other, tree.Literal) and other.value is None
        if not is_null or node.operator not in {"==", "!="} or not isinstance(one, (tree.Name, tree.MemberAccess)):
            continue
        span, null = context.absolute_span(node.span), Constant(-1, NULL)
        members = [c for c in schema.members(implicit_column_name(one) or "") if not c.hidden]
        tests = tuple(FunctionCall("==", (ColumnRef(c.name, c.type, span), null), BOOL, span) for c in members)
        if tests:
            together = FunctionCall("and", tests, BOOL, span)
            return together if node.operator == "==" else FunctionCall("not", (together,), BOOL, span)
    return None


def _binary(context: BindContext, node: tree.Binary, schema: Schema) -> BoundExpression:
    if (test := _object_null_test(context, node, schema)) is not None:
        return test
    left = bind_expression(context, node.left, schema)
    right = bind_expression(context, node.right, schema)
    span = context.absolute_span(node.span)
    if node.operator in _COMPARISONS:
        left, right = infer_parameter_type(left, right.type), infer_parameter_type(right, left.type)
        check_comparison(context, node, left, right)
        return FunctionCall(node.operator, (left, right), BOOL, span)
    if node.operator in {"in", "not in"}:
        right = infer_parameter_type(right, list_of(left.type))
        check_membership(context, node, left, right)
        return FunctionCall(node.operator, (left, right), BOOL, span)
    if node.operator.startswith("has"):
        item = left.type.item or ANY
        right = infer_parameter_type(right, item if node.operator == "has" else list_of(item))
        check_has(context, node, left, right)
        return FunctionCall(node.operator, (left, right), BOOL, span)
    if left.type.kind in {TypeKind.INT, TypeKind.FLOAT}:
        right = infer_parameter_type(right, left.type)
    type_ = arithmetic_type(context, node, left.type, right.type)
    return FunctionCall(node.operator, (left, right, *_months_zone(context, type_, left, right)), type_, span)


def _months_zone(
    context: BindContext, type_: Type, left: BoundExpression, right: BoundExpression
) -> tuple[BoundExpression, ...]:
    """By whose calendar a month is added to a time; nothing where that is UTC's."""
    moved = type_.kind in {TypeKind.TIME, TypeKind.ANY} and TypeKind.DURATION in {left.type.kind, right.type.kind}
    return (session_zone(context),) if moved and context.zone != DEFAULT_ZONE else ()


def _call(context: BindContext, node: tree.Call, schema: Schema) -> BoundExpression:
    span = context.absolute_span(node.span)
    found = FUNCTIONS.get(node.name)
    own = context.functions.get(node.name)
    if own is None and found is not None and found.kind is not FunctionKind.SCALAR:
        return _window(context, found, node, schema)
    arguments = tuple(bind_expression(context, a, schema) for a in node.arguments)
    if own is not None:
        return _call_inlined(context, own, node, arguments)
    if node.name == context.enclosing_function:
        context.report("PQ0221", node.name_span, name=node.name)
        return Constant(-1, ANY, None, span)
    if found is None:
        if not context.is_tainted(node.name):
            report_unknown_function(context, node, arguments, [*FUNCTIONS, *context.functions])
        return FunctionCall(node.name, arguments, ANY, span)
    return bind_function_call(context, found, node, arguments)


def _window(context: BindContext, found: Function, node: tree.Call, schema: Schema) -> BoundExpression:
    """What looks at other rows: a window function, or an aggregate of the group that each row is in."""
    if context.window_error_code is not None:
        outside = context.window_error_code == "PQ0408" and found.kind is FunctionKind.AGGREGATE
        context.report("PQ0306" if outside else context.window_error_code, node.name_span, function=node.name)
    with context.window_functions_reported(
        "PQ0409" if context.window_error_code is None else context.window_error_code
    ):
        arguments = bind_arguments(context, found, node, schema)
    return bind_function_call(context, found, node, arguments)


def _call_inlined(
    context: BindContext, found: InlineFunction, node: tree.Call, arguments: tuple[BoundExpression, ...]
) -> BoundExpression:
    """The body of a declared function, with the arguments in it."""
    nothing = Constant(-1, ANY, None, context.absolute_span(node.span))
    fitted = coerce_arguments(context, found, (node.span, *(a.span for a in node.arguments)), arguments)
    if fitted is None:
        return nothing
    body = found.inline(found.body, fitted)
    if body is None:
        context.report("PQ0222", node.span, name=found.name)
    elif not context.subqueries_allowed and any(subqueries(body)):
        context.report("PQ0460", node.span)
    return body or nothing


def coerce_arguments(
    context: BindContext,
    found: InlineFunction | InlinePipeline,
    spans: Sequence[Span],
    arguments: Sequence[BoundExpression],
) -> dict[str, BoundExpression] | None:
    """A value for each parameter: the argument as one of its type, or its default. `spans` are those of the call and of
    each argument. None where there are too many or too few, which is reported, or a default becomes too large."""
    call, *written = spans
    least = sum(parameter.default is None for parameter in found.parameters)
    if not least <= len(arguments) <= len(found.parameters):
        given = ", ".join(str(a.type) for a in arguments) or "nothing"
        expected = format_parameters(found.parameters)
        context.report("PQ0301", call, function=found.name, expected=expected, found=f"({given})")
        return None
    values: dict[str, BoundExpression] = {}
    for parameter, argument, span in zip(found.parameters, arguments, written, strict=False):
        what = f"{parameter.reference} of {found.name}{format_parameters(found.parameters)}"
        values[parameter.name] = coerce(context, argument, parameter.type, span, what)
    for parameter in found.parameters[len(arguments) :]:
        default = found.inline(parameter.default, values) if parameter.default else None
        if default is None:
            context.report("PQ0222", call, name=found.name)
            return None
        values[parameter.name] = default
    return values


def bind_arguments(
    context: BindContext, found: Function, node: tree.Call, schema: Schema
) -> tuple[BoundExpression, ...]:
    """Those of an aggregate or a window function, of which some may not read columns."""
    return tuple(
        bind_expression(context, argument, Schema(()) if i in found.constant_arguments else schema)
        for i, argument in enumerate(node.arguments)
    )


def bind_function_call(
    context: BindContext, found: Function, node: tree.Call, arguments: tuple[BoundExpression, ...]
) -> FunctionCall:
    """The call with the type that its signature gives it. Undeclared parameters take the type the signature asks."""
    span = context.absolute_span(node.span)
    for candidate in found.signatures:
        type_ = infer_result_type(candidate, [a.type for a in arguments])
        if type_ is not None:
            asked = candidate.expected_types(len(arguments)) or ()
            check_zones(context, asked, node.arguments)
            typed = tuple(
                infer_parameter_type(a, parameter_type(word)) for a, word in zip(arguments, asked, strict=True)
            )
            return FunctionCall(found.name, with_session_zone(context, candidate, typed), type_, span)
    if not report_bare_dates(context, *((a, w.span) for a, w in zip(arguments, node.arguments, strict=True))):
        report_no_matching_overload(context, found, node, arguments)
    return FunctionCall(found.name, arguments, ANY, span)


def _dot(context: BindContext, node: tree.MemberAccess, schema: Schema) -> BoundExpression:
    if isinstance(node.base, tree.Parameter) and f"{node.base.name}.{node.name}" in context.parameters:
        return _parameter(context, tree.Parameter(node.span, f"{node.base.name}.{node.name}"), schema)
    if (arrow := as_link_access(node)) is not None:
        return _arrow(context, arrow, schema)
    name = implicit_column_name(node)
    if name is not None:
        columns = schema.columns_by_name
        before = [columns[path].type.kind for path in ancestor_paths(name) if path in columns]
        if name not in columns and TypeKind.LINK in before:
            context.report("PQ0106", node.span, found=".", better="->", fix=link_access_fix(node))
            return ColumnRef(name, ANY, context.absolute_span(node.span))
        return _column(context, name, node.span, schema)
    context.report("PQ0202", node.span, where="this value", name=node.name)
    return Constant(-1, ANY, None, context.absolute_span(node.span))


def _arrow(context: BindContext, node: tree.LinkAccess, schema: Schema) -> BoundExpression:
    base = bind_expression(context, node.base, schema)
    nothing = Constant(-1, ANY, None, context.absolute_span(node.span))
    link = base.type.item if base.type.kind is TypeKind.LIST else base.type
    if link is None or link.kind is not TypeKind.LINK or link.name is None:
        if base.type.kind is not TypeKind.ANY:
            context.report(
                "PQ0310", node.base.span, name=implicit_column_name(node.base) or "this", type=with_article(base.type)
            )
        return nothing
    target = context.resolve_collection(link.name, node.base.span)
    if target is None:
        return nothing
    type_ = (
        target.fields_by_name[node.name].type if node.name in target.fields_by_name else SYSTEM_COLUMNS.get(node.name)
    )
    if type_ is None or node.name == "_score":
        _missing_field(context, node, target)
        return nothing
    return dereference(base, target, node.name, type_, nothing.span)


def _missing_field(context: BindContext, node: tree.LinkAccess, target: Collection) -> None:
    before, _, last = node.name.rpartition(".")
    if members := target.fields_by_object.get(node.name):
        report_object(context, node.name, [f.name for f in members], node.name_span)
    elif before in target.fields_by_name and target.fields_by_name[before].type.kind is TypeKind.LINK:
        dot = Span(node.name_span.end - len(last) - 1, node.name_span.end - len(last))
        context.report("PQ0106", node.name_span, found=".", better="->", fix=Fix(dot, "->", "write ->"))
    else:
        context.report_unknown("PQ0202", node.name_span, node.name, target.fields_by_name, where=target.name)


def _record(context: BindContext, node: tree.ObjectLiteral, schema: Schema) -> BoundExpression:
    """Where one value is asked; what is assigned to an object is bound member by member."""
    for item in node.items:
        bind_expression(context, item.expression, schema)
    context.report("PQ0101", node.span, expected="a value", found="an object")
    return Constant(-1, ANY, None, context.absolute_span(node.span))


_BINDERS: dict[type, Callable[[BindContext, Any, Schema], BoundExpression]] = {
    tree.Literal: bind_literal, tree.Moment: bind_moment, tree.Name: _name, tree.Parameter: _parameter, tree.RecordRef: _ref,
    tree.ListLiteral: _list, tree.Range: _range, tree.Unary: _unary, tree.Logical: _logical, tree.Binary: _binary,
    tree.Call: _call, tree.MemberAccess: _dot, tree.LinkAccess: _arrow, tree.ObjectLiteral: _record,
    tree.NestedPipeline: bind_subquery,
}  # fmt: skip
