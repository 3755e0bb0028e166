"""Expressions: names to columns, operators and functions to typed applications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.date_hints import report_bare_dates
from paasq_dsl.binder.dialect_functions import is_called_alone, report_no_function, report_no_signature
from paasq_dsl.binder.inlining import InlineFunction, InlinePipeline, own_parameter, signature
from paasq_dsl.binder.literals import bind_literal, bind_moment
from paasq_dsl.binder.operator_types import arithmetic_type, check_comparison, check_has, check_membership
from paasq_dsl.binder.paths import arrow_for_dot, as_arrow, column_name, report_object, traverse
from paasq_dsl.binder.subqueries import bind_pipeline_value
from paasq_dsl.binder.time_zones import check_zones, in_session_zone, session_zone
from paasq_dsl.binder.type_descriptions import found_words, with_article
from paasq_dsl.bound import Apply, Bound, ColumnValue, Constant, ParameterValue, Schema
from paasq_dsl.bound.traversal import pipeline_values
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.diagnostics import Edit, replacement
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import Function, FunctionKind, resolve, unify, word_type
from paasq_dsl.object_paths import paths_around
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.keywords import FOREIGN_VALUES
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.types import ANY, BOOL, FLOAT, NULL, Kind, Type, link_to, list_of

NO_ROW = Schema(())  # where an expression may not read columns
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


def bind_expression(context: Context, node: tree.Expression, schema: Schema) -> Bound:
    """The typed expression over the columns of `schema`; of type any where something in it is wrong (and reported)."""
    return _BINDERS[type(node)](context, node, schema)


def bind_condition(context: Context, node: tree.Expression, schema: Schema) -> Bound:
    bound = bind_expression(context, node, schema)
    return expect_type(context, bound, BOOL, node.span, "a condition", _as_condition(node, bound))


def _as_condition(node: tree.Expression, bound: Bound) -> str | None:
    """What was perhaps meant by a value where a condition stands: that there is one."""
    if not isinstance(node, (tree.Name, tree.Dot)) or bound.type.kind is Kind.NULL:
        return None
    return f"{column_name(node)} {'!= 0' if bound.type.kind in {Kind.INT, Kind.FLOAT} else '!= null'}"


def bind_scalar(context: Context, node: tree.Expression, type_: Type, what: str) -> Bound:
    """An expression that may not read columns: the number of a take, the text of a match."""
    with context.running_pipelines(False):
        bound = bind_expression(context, node, NO_ROW)
    return expect_type(context, bound, type_, node.span, what)


def check_key(context: Context, bound: Bound, span: Span) -> None:
    """Can rows be grouped by it?"""
    if bound.type.kind in {Kind.LIST, Kind.VECTOR}:
        found = with_article(bound.type)
        expected = (
            "one value a row" if bound.type.kind is Kind.VECTOR else "one value a row (expand gives a row of each item)"
        )
        context.report("PQ0304", span, what="a group key", expected=expected, found=found)


def expect_type(context: Context, bound: Bound, type_: Type, span: Span, what: str, better: str | None = None) -> Bound:
    """`bound`, a parameter made to be of `type_`; reports where the type can't be that. `better` was perhaps meant."""
    bound = adapt(bound, type_)
    if bound.type.kind is Kind.ANY:
        return bound
    together = unify(type_, bound.type)
    elsewhere = type_.kind is bound.type.kind is Kind.LINK and type_.name != bound.type.name
    if type_.kind is Kind.TIME and report_bare_dates(context, (bound, span)):
        return bound
    if together is None or together.kind not in {type_.kind, Kind.TEXT} or bound.type.kind is Kind.NULL or elsewhere:
        candidates = (better,) if better else ()
        edit = replacement(span, candidates)
        expected, found = with_article(type_), found_words(bound)
        context.report("PQ0304", span, what=what, expected=expected, found=found, candidates=candidates, edit=edit)
    return bound


def adapt(bound: Bound, type_: Type) -> Bound:
    """A parameter that was not declared takes the type of what it stands beside; everything else stays."""
    if isinstance(bound, ParameterValue) and bound.type.kind is Kind.ANY:
        return replace(bound, type=type_)
    return bound


def _name(context: Context, node: tree.Name, schema: Schema) -> Bound:
    return _column(context, node.name, node.span, schema)


def _column(context: Context, name: str, span: Span, schema: Schema) -> Bound:
    found = schema.by_name.get(name)
    if found is None and not schema.open:
        _missing_column(context, name, span, schema)
    return ColumnValue(name, found.type if found else ANY, context.place(span))


def _missing_column(context: Context, name: str, span: Span, schema: Schema) -> None:
    better = FOREIGN_VALUES.get(name) or (f"{name}()" if is_called_alone(name) else None)
    made_of_it = [c.name for c in schema.columns if c.name.endswith(f"_{name}")]
    if members := schema.members(name):
        report_object(context, name, [c.name for c in members], span)
    elif not schema.columns and better is None:
        candidates = (f"${name}",) if context.parameters.get(name) else ()
        context.report("PQ0211", span, name=name, candidates=candidates, edit=replacement(span, candidates))
    elif schema.collection is not None and name in schema.collection.by_name:
        context.report("PQ0210", span, name=name)
    elif context.stands_outside(name):
        context.report("PQ0463", span, name=name)
    else:
        where = schema.collection.name if schema.collection else "this row"
        known = [c.name for c in schema.columns if c.name not in SYSTEM_COLUMNS]
        better = better or (made_of_it[0] if len(made_of_it) == 1 and schema.collection is None else None)
        context.unknown("PQ0202", span, name, known, better=better, where=where)


def _parameter(context: Context, node: tree.Parameter, _: Schema) -> Bound:
    if (own := context.own.get(node.name)) is not None:
        return ParameterValue(own_parameter(own.name), own.type, context.place(node.span))
    declared = context.parameters.get(node.name)
    if declared is None and context.undeclared:
        context.report(context.undeclared, node.span, name=f"${node.name}")
    type_ = declared.type if declared else ANY
    return ParameterValue(context.prefix + node.name, type_, context.place(node.span), context.zone)


def _ref(context: Context, node: tree.Ref, _: Schema) -> Bound:
    context.collection(node.collection, Span(node.span.start, node.span.start + len(node.collection)))
    return Constant(-1, link_to(node.collection), node.key, context.place(node.span))


def _list(context: Context, node: tree.ListOf, schema: Schema) -> Bound:
    items = tuple(bind_expression(context, item, schema) for item in node.items)
    item_type = NULL
    for item, written in zip(items, node.items, strict=True):
        together = unify(item_type, item.type)
        if together is None:
            if not report_bare_dates(context, (item, written.span)):
                expected, found = with_article(item_type), found_words(item)
                context.report("PQ0304", written.span, what="this item", expected=expected, found=found)
            return Apply("[]", items, list_of(ANY), context.place(node.span))
        item_type = together
    return Apply("[]", items, list_of(ANY if item_type.kind is Kind.NULL else item_type), context.place(node.span))


def _range(context: Context, node: tree.Range, schema: Schema) -> Bound:
    low, high = (bind_expression(context, end, schema) for end in (node.low, node.high))
    low, high = adapt(low, high.type), adapt(high, low.type)
    type_ = unify(low.type, high.type)
    if report_bare_dates(context, (low, node.low.span), (high, node.high.span)):
        type_ = ANY
    elif type_ is None:
        context.report("PQ0302", node.span, left=found_words(low), right=found_words(high))
    return Apply("..", (low, high), type_ or ANY, context.place(node.span))


def _unary(context: Context, node: tree.Unary, schema: Schema) -> Bound:
    operand = bind_expression(context, node.operand, schema)
    if node.operator == "not":
        operand = expect_type(context, operand, BOOL, node.operand.span, "what stands behind not")
        return Apply("not", (operand,), BOOL, context.place(node.span))
    if operand.type.kind not in {Kind.INT, Kind.FLOAT, Kind.DURATION, Kind.ANY, Kind.NULL}:
        context.report(
            "PQ0303", node.span, operator="-", expected="a number or a duration", found=with_article(operand.type)
        )
    return Apply("negate", (operand,), operand.type, context.place(node.span))


def _logical(context: Context, node: tree.Logical, schema: Schema) -> Bound:
    operands = tuple(bind_condition(context, operand, schema) for operand in node.operands)
    return Apply(node.operator, operands, BOOL, context.place(node.span))


def _object_null_test(context: Context, node: tree.Binary, schema: Schema) -> Bound | None:
    """`address == null`: everything that is in it is null."""
    for one, other in ((node.left, node.right), (node.right, node.left)):
        is_null = isinstance(other, tree.Literal) and other.value is None
        if not is_null or node.operator not in {"==", "!="} or not isinstance(one, (tree.Name, tree.Dot)):
            continue
        span, null = context.place(node.span), Constant(-1, NULL)
        members = [c for c in schema.members(column_name(one) or "") if not c.hidden]
        tests = tuple(Apply("==", (ColumnValue(c.name, c.type, span), null), BOOL, span) for c in members)
        if tests:
            together = Apply("and", tests, BOOL, span)
            return together if node.operator == "==" else Apply("not", (together,), BOOL, span)
    return None


def _binary(context: Context, node: tree.Binary, schema: Schema) -> Bound:
    if (test := _object_null_test(context, node, schema)) is not None:
        return test
    left = bind_expression(context, node.left, schema)
    right = bind_expression(context, node.right, schema)
    span = context.place(node.span)
    if node.operator in _COMPARISONS:
        left, right = adapt(left, right.type), adapt(right, left.type)
        check_comparison(context, node, left, right)
        return Apply(node.operator, (left, right), BOOL, span)
    if node.operator in {"in", "not in"}:
        right = adapt(right, list_of(left.type))
        check_membership(context, node, left, right)
        return Apply(node.operator, (left, right), BOOL, span)
    if node.operator.startswith("has"):
        item = left.type.item or ANY
        right = adapt(right, item if node.operator == "has" else list_of(item))
        check_has(context, node, left, right)
        return Apply(node.operator, (left, right), BOOL, span)
    if left.type.kind in {Kind.INT, Kind.FLOAT}:
        right = adapt(right, left.type)
    type_ = arithmetic_type(context, node, left.type, right.type)
    return Apply(node.operator, (left, right, *_months_zone(context, type_, left, right)), type_, span)


def _months_zone(context: Context, type_: Type, left: Bound, right: Bound) -> tuple[Bound, ...]:
    """By whose calendar a month is added to a time; nothing where that is UTC's."""
    moved = type_.kind in {Kind.TIME, Kind.ANY} and Kind.DURATION in {left.type.kind, right.type.kind}
    return (session_zone(context),) if moved and context.zone != DEFAULT_ZONE else ()


def _call(context: Context, node: tree.Call, schema: Schema) -> Bound:
    span = context.place(node.span)
    found = FUNCTIONS.get(node.name)
    own = context.functions.get(node.name)
    if own is None and found is not None and found.kind is not FunctionKind.SCALAR:
        return _window(context, found, node, schema)
    arguments = tuple(bind_expression(context, a, schema) for a in node.arguments)
    if own is not None:
        return _call_inlined(context, own, node, arguments)
    if node.name == context.declaring:
        context.report("PQ0221", node.name_span, name=node.name)
        return Constant(-1, ANY, None, span)
    if found is None:
        if not context.is_unclear(node.name):
            report_no_function(context, node, arguments, [*FUNCTIONS, *context.functions])
        return Apply(node.name, arguments, ANY, span)
    return apply_function(context, found, node, arguments)


def _window(context: Context, found: Function, node: tree.Call, schema: Schema) -> Bound:
    """What looks at other rows: a window function, or an aggregate of the group that each row is in."""
    if context.no_window is not None:
        outside = context.no_window == "PQ0408" and found.kind is FunctionKind.AGGREGATE
        context.report("PQ0306" if outside else context.no_window, node.name_span, function=node.name)
    with context.reporting_windows("PQ0409" if context.no_window is None else context.no_window):
        arguments = bind_arguments(context, found, node, schema)
    return apply_function(context, found, node, arguments)


def _call_inlined(context: Context, found: InlineFunction, node: tree.Call, arguments: tuple[Bound, ...]) -> Bound:
    """The body of a declared function, with the arguments in it."""
    nothing = Constant(-1, ANY, None, context.place(node.span))
    fitted = fit_arguments(context, found, (node.span, *(a.span for a in node.arguments)), arguments)
    if fitted is None:
        return nothing
    body = found.inlined(found.body, fitted)
    if body is None:
        context.report("PQ0222", node.span, name=found.name)
    elif not context.runs_pipelines and any(pipeline_values(body)):
        context.report("PQ0460", node.span)
    return body or nothing


def fit_arguments(
    context: Context, found: InlineFunction | InlinePipeline, spans: Sequence[Span], arguments: Sequence[Bound]
) -> dict[str, Bound] | None:
    """A value for each parameter: the argument as one of its type, or its default. `spans` are those of the call and of
    each argument. None where there are too many or too few, which is reported, or a default becomes too large."""
    call, *written = spans
    least = sum(parameter.default is None for parameter in found.parameters)
    if not least <= len(arguments) <= len(found.parameters):
        given = ", ".join(str(a.type) for a in arguments) or "nothing"
        expected = signature(found.parameters)
        context.report("PQ0301", call, function=found.name, expected=expected, found=f"({given})")
        return None
    values: dict[str, Bound] = {}
    for parameter, argument, span in zip(found.parameters, arguments, written, strict=False):
        what = f"{parameter.word} of {found.name}{signature(found.parameters)}"
        values[parameter.name] = fit(context, argument, parameter.type, span, what)
    for parameter in found.parameters[len(arguments) :]:
        default = found.inlined(parameter.default, values) if parameter.default else None
        if default is None:
            context.report("PQ0222", call, name=found.name)
            return None
        values[parameter.name] = default
    return values


def fit(context: Context, bound: Bound, type_: Type, span: Span, what: str) -> Bound:
    """`bound` as a value of a declared type: an int is made a float, null is of every type; reports what does not fit."""
    bound = adapt(bound, type_)
    if bound.type.kind is Kind.NULL:
        return Constant(-1, type_, None, context.place(span))
    bound = expect_type(context, bound, type_, span, what)
    if type_.kind is Kind.FLOAT and bound.type.kind is Kind.INT:
        return Apply("float", (bound,), FLOAT, bound.span)
    return bound


def bind_arguments(context: Context, found: Function, node: tree.Call, schema: Schema) -> tuple[Bound, ...]:
    """Those of an aggregate or a window function, of which some may not read columns."""
    return tuple(
        bind_expression(context, argument, Schema(()) if i in found.fixed else schema)
        for i, argument in enumerate(node.arguments)
    )


def apply_function(context: Context, found: Function, node: tree.Call, arguments: tuple[Bound, ...]) -> Apply:
    """The call with the type that its signature gives it. Undeclared parameters take the type the signature asks."""
    span = context.place(node.span)
    for candidate in found.signatures:
        type_ = resolve(candidate, [a.type for a in arguments])
        if type_ is not None:
            asked = candidate.asked(len(arguments)) or ()
            check_zones(context, asked, node.arguments)
            typed = tuple(adapt(a, word_type(word)) for a, word in zip(arguments, asked, strict=True))
            return Apply(found.name, in_session_zone(context, candidate, typed), type_, span)
    if not report_bare_dates(context, *((a, w.span) for a, w in zip(arguments, node.arguments, strict=True))):
        report_no_signature(context, found, node, arguments)
    return Apply(found.name, arguments, ANY, span)


def _dot(context: Context, node: tree.Dot, schema: Schema) -> Bound:
    if isinstance(node.base, tree.Parameter) and f"{node.base.name}.{node.name}" in context.parameters:
        return _parameter(context, tree.Parameter(node.span, f"{node.base.name}.{node.name}"), schema)
    if (arrow := as_arrow(node)) is not None:
        return _arrow(context, arrow, schema)
    name = column_name(node)
    if name is not None:
        columns = schema.by_name
        before = [columns[path].type.kind for path in paths_around(name) if path in columns]
        if name not in columns and Kind.LINK in before:
            context.report("PQ0106", node.span, found=".", better="->", edit=arrow_for_dot(node))
            return ColumnValue(name, ANY, context.place(node.span))
        return _column(context, name, node.span, schema)
    context.report("PQ0202", node.span, where="this value", name=node.name)
    return Constant(-1, ANY, None, context.place(node.span))


def _arrow(context: Context, node: tree.Arrow, schema: Schema) -> Bound:
    base = bind_expression(context, node.base, schema)
    nothing = Constant(-1, ANY, None, context.place(node.span))
    link = base.type.item if base.type.kind is Kind.LIST else base.type
    if link is None or link.kind is not Kind.LINK or link.name is None:
        if base.type.kind is not Kind.ANY:
            context.report(
                "PQ0310", node.base.span, name=column_name(node.base) or "this", type=with_article(base.type)
            )
        return nothing
    target = context.collection(link.name, node.base.span)
    if target is None:
        return nothing
    type_ = target.by_name[node.name].type if node.name in target.by_name else SYSTEM_COLUMNS.get(node.name)
    if type_ is None or node.name == "_score":
        _missing_field(context, node, target)
        return nothing
    return traverse(base, target, node.name, type_, nothing.span)


def _missing_field(context: Context, node: tree.Arrow, target: Collection) -> None:
    before, _, last = node.name.rpartition(".")
    if members := target.objects.get(node.name):
        report_object(context, node.name, [f.name for f in members], node.name_span)
    elif before in target.by_name and target.by_name[before].type.kind is Kind.LINK:
        dot = Span(node.name_span.end - len(last) - 1, node.name_span.end - len(last))
        context.report("PQ0106", node.name_span, found=".", better="->", edit=Edit(dot, "->", "write ->"))
    else:
        context.unknown("PQ0202", node.name_span, node.name, target.by_name, where=target.name)


def _record(context: Context, node: tree.Record, schema: Schema) -> Bound:
    """Where one value is asked; what is assigned to an object is bound member by member."""
    for item in node.items:
        bind_expression(context, item.expression, schema)
    context.report("PQ0101", node.span, expected="a value", found="an object")
    return Constant(-1, ANY, None, context.place(node.span))


_BINDERS: dict[type, Callable[[Context, Any, Schema], Bound]] = {
    tree.Literal: bind_literal, tree.Moment: bind_moment, tree.Name: _name, tree.Parameter: _parameter, tree.Ref: _ref,
    tree.ListOf: _list, tree.Range: _range, tree.Unary: _unary, tree.Logical: _logical, tree.Binary: _binary,
    tree.Call: _call, tree.Dot: _dot, tree.Arrow: _arrow, tree.Record: _record, tree.Pipeline: bind_pipeline_value,
}  # fmt: skip
