"""summarize: one row for each group."""

from collections.abc import Sequence

from paasq_dsl.binder.coercion import check_groupable
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_arguments, bind_expression, bind_function_call, bind_scalar
from paasq_dsl.binder.paths import implicit_column_name
from paasq_dsl.binder.projections import bind_projections
from paasq_dsl.bound import (
    BoundExpression,
    ColumnInfo,
    ColumnRef,
    Constant,
    FunctionCall,
    NamedExpression,
    Schema,
    SummarizeStage,
)
from paasq_dsl.bound.traversal import substitute, walk_expression, window_calls
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.object_paths import is_descendant_path
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, innermost_open_bracket, last_of
from paasq_dsl.types import ANY, FLOAT, INT, TypeKind

FILL_METHODS = ("previous", "linear")


def bind(context: BindContext, node: tree.Summarize, schema: Schema) -> SummarizeStage:
    """The schema is the keys and then the aggregates, each with a name of its own (PQ0403, PQ0205); rows are records
    no more."""
    keys, columns = bind_projections(context, node.keys, schema)
    for key in keys:
        check_groupable(context, key.value, _written(key.name, node.keys).span)
    taken = {name for c in columns for name in (c.name, c.object_path)}
    aggregates: list[NamedExpression] = []
    for item in node.aggregates:
        value = _aggregate(context, item.expression, schema, keys)
        name = item.name or implicit_column_name(item.expression)
        if name is None:
            if any(window_calls(value)):
                context.report("PQ0403", item.span)
        elif name in taken:
            context.report("PQ0205", item.span, name=name)
        else:
            taken.add(name)
            aggregates.append(NamedExpression(name, value))
    method = node.fill.name if isinstance(node.fill, tree.Name) and node.fill.name in FILL_METHODS else None
    if node.fill:
        _check_fill(context, node, keys)
    fill = _fill(context, node.fill) if node.fill and method is None else None
    columns = (
        *columns,
        *(
            ColumnInfo(n.name, FLOAT if method == "linear" and n.value.type == INT else n.value.type)
            for n in aggregates
        ),
    )
    return SummarizeStage(tuple(aggregates), keys, fill, method, schema=Schema(columns, is_open=schema.is_open))


def _fill(context: BindContext, node: tree.Expression) -> BoundExpression:
    return bind_expression(context, node, Schema(())) if _is_null(node) else bind_scalar(context, node, FLOAT, "fill")


def _written(key: str, items: tuple[tree.NamedItem, ...]) -> tree.NamedItem:
    """The item that makes this key: it has its name, or that of the object that the key is a member of."""
    names = (item.name or implicit_column_name(item.expression) for item in items)
    return next(
        item for item, name in zip(items, names, strict=True) if name == key or is_descendant_path(key, str(name))
    )


def _aggregate(
    context: BindContext, node: tree.Expression, schema: Schema, keys: tuple[NamedExpression, ...]
) -> BoundExpression:
    """An aggregate, or an expression over aggregates and keys."""
    if isinstance(node, tree.Call) and (found := FUNCTIONS.get(node.name)) and found.kind is FunctionKind.AGGREGATE:
        return bind_function_call(context, found, node, bind_arguments(context, found, node, schema))
    reported = len(context.diagnostics)
    with context.window_functions_reported(None):
        bound = bind_expression(context, node, schema)
    calls = tuple(window_calls(bound))
    of_windows = [call.function for call in calls if FUNCTIONS[call.function].kind is FunctionKind.WINDOW]
    if of_windows:
        context.report("PQ0408", node.span, function=of_windows[0])
        return bound
    of_rows = [part for part in walk_expression(substitute(bound, {call: Constant(-1, call.type) for call in calls}))
               if isinstance(part, ColumnRef) and not _is_key(part, keys)]  # fmt: skip
    if calls:
        if of_rows:
            context.report("PQ0307", node.span, function=of_rows[0].name, better=f"max({of_rows[0].name})")
        return bound
    if len(context.diagnostics) > reported:
        return bound
    if isinstance(bound, (FunctionCall, ColumnRef)) and (of_rows or bound.type != ANY):
        name = node.name if isinstance(node, tree.Call) else implicit_column_name(node)
        better = f"max({name})" if isinstance(node, tree.Name) else "max(...)"
        context.report("PQ0307", node.span, function=name or "this", better=better)
    elif bound.type != ANY:
        context.report("PQ0412", node.span)
    return bound


def _is_key(column: ColumnRef, keys: tuple[NamedExpression, ...]) -> bool:
    return any(isinstance(k.value, ColumnRef) and k.name == k.value.name == column.name for k in keys)


def _is_null(node: tree.Expression) -> bool:
    return isinstance(node, tree.Literal) and node.value is None


def _check_fill(context: BindContext, node: tree.Summarize, keys: tuple[NamedExpression, ...]) -> None:
    buckets = [
        k.value
        for k in keys
        if isinstance(k.value, FunctionCall) and k.value.function == "bucket" and k.value.type.kind is TypeKind.TIME
    ]
    if len(buckets) != 1 or any(isinstance(part, ColumnRef) for part in walk_expression(buckets[0].arguments[1])):
        assert node.fill is not None
        context.report("PQ0413", node.fill.span)


def _role(words: Sequence[str]) -> CompletionRole:
    part = last_of(words, "by", "fill")
    if part == "fill":
        return CompletionRole.SCALAR
    return CompletionRole.EXPRESSION if part or innermost_open_bracket(words) >= 0 else CompletionRole.AGGREGATE


STAGE = StageSpec(
    tree.Summarize,
    "summarize [name =] aggregate(...), ... [by [name =] expression, ...] [fill value | previous | linear]",
    "Makes one row for each group of rows that have equal keys, ordered by the keys. Expressions may be made of aggregates: "
    "`share = count_if(done) / count()`. fill adds the time buckets that no row "
    "fell into, with the given value or null in every aggregate, with that of the bucket before, or on a straight line between "
    "the two around it.",
    "from pep | summarize n = count() by year = bucket(created, 1y) fill 0", bind, role=_role,
    words={
        "by": "The keys of the groups; of extend those that its window functions stay in; of keep the time that it counts from.",
        "fill": "The value for time buckets that no row fell into.",
        "previous": "fill previous: as in the time bucket before.",
        "linear": "fill linear: on a straight line between the time buckets around.",
    }, changes_schema=True,
)  # fmt: skip
