"""The types that operators take and give."""

from __future__ import annotations

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.date_hints import report_bare_dates, report_string_as_time
from paasq_dsl.binder.fixes import call_text, replace_node
from paasq_dsl.binder.type_descriptions import describe_expression, with_article
from paasq_dsl.bound import BoundExpression, FunctionCall
from paasq_dsl.diagnostics import Fix
from paasq_dsl.functions.signature import unify
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.types import (
    ANY,
    DURATION,
    FLOAT,
    INT,
    NULL,
    NUMERIC_KINDS,
    ORDERED_KINDS,
    STRING_KINDS,
    TIME,
    Type,
    TypeKind,
)

_UNTYPED = frozenset({TypeKind.ANY, TypeKind.NULL})


def check_comparison(context: BindContext, node: tree.Binary, left: BoundExpression, right: BoundExpression) -> None:
    """Reports operands of `==`, `<` and the like that can't be compared (PQ0302, PQ0305, PQ0317, or a date written
    as a string). Null and any fit everything."""
    kinds = {left.type.kind, right.type.kind}
    if kinds & _UNTYPED:
        return
    if (left.type.kind is TypeKind.LIST) != (right.type.kind is TypeKind.LIST):
        _list_compared(context, node, left)
        return
    if TypeKind.TIME in kinds and kinds & STRING_KINDS:
        report_string_as_time(context, node, node.right if left.type.kind is TypeKind.TIME else node.left)
        return
    if TypeKind.TIME in kinds and report_bare_dates(context, (left, node.left.span), (right, node.right.span)):
        return
    if kinds == {TypeKind.BYTES} and node.operator not in {"==", "!="}:
        context.report("PQ0317", node.operator_span)
        return
    unordered = node.operator not in {"==", "!="} and not kinds <= ORDERED_KINDS
    if unordered or not _comparable(left.type, right.type) or left.type.kind is TypeKind.VECTOR:
        candidates = _with_units(node, left, right)
        context.report(
            "PQ0302", node.span, left=describe_expression(left), right=describe_expression(right), candidates=candidates
        )


def _with_units(node: tree.Binary, left: BoundExpression, right: BoundExpression) -> tuple[str, ...]:
    """The durations that an int literal compared with a duration could be, one for each common unit."""
    written = node.left if left.type.kind is TypeKind.INT else node.right
    if {left.type.kind, right.type.kind} != {TypeKind.INT, TypeKind.DURATION} or not isinstance(written, tree.Literal):
        return ()
    return tuple(f"{written.value}{unit}" for unit in ("s", "min", "h"))


def _comparable(left: Type, right: Type) -> bool:
    """Can values of the two be equal? Links to two collections never are, though their keys may read alike."""
    if left.kind is right.kind is TypeKind.LIST and left.item is not None and right.item is not None:
        return _comparable(left.item, right.item)
    if left.kind is right.kind is TypeKind.LINK:
        return left.name == right.name
    return unify(left, right) is not None


def _list_compared(context: BindContext, node: tree.Binary, left: BoundExpression) -> None:
    on_left = left.type.kind is TypeKind.LIST
    edit = Fix(node.operator_span, "has", "write has") if node.operator == "==" and on_left else None
    better = "not (... has ...)" if node.operator == "!=" else "has"
    name = _describe(node.left if on_left else node.right)
    context.report("PQ0305", node.span, name=name, operator=node.operator, better=better, fix=edit)


def check_membership(context: BindContext, node: tree.Binary, left: BoundExpression, right: BoundExpression) -> None:
    """Reports operands of `in` and `not in` unless the right is a list or a range of values comparable to the left
    (PQ0302, PQ0303, PQ0305)."""
    item = right.type.item if right.type.kind is TypeKind.LIST else right.type
    is_range = isinstance(right, FunctionCall) and right.function == ".."
    if left.type.kind is TypeKind.LIST:
        mends = node.operator == "in" and isinstance(node.right, (tree.ListLiteral, tree.NestedPipeline))
        edit = Fix(node.operator_span, "has any", "write has any") if mends else None
        context.report(
            "PQ0305", node.span, name=_describe(node.left), operator=node.operator, better="has any", fix=edit
        )
    elif not is_range and right.type.kind not in {TypeKind.LIST, TypeKind.ANY}:
        expected = "a list [..] or a range a..b on its right"
        better = call_text("", node.right)
        edit = replace_node(node.right, f"[{better[1:-1]}]") if better else None
        found = describe_expression(right)
        context.report("PQ0303", node.right.span, operator=node.operator, expected=expected, found=found, fix=edit)
    elif item is not None and not _comparable(left.type, item):
        items = _items(node.right, right)
        if left.type.kind is TypeKind.TIME and report_bare_dates(context, *items):
            return
        context.report("PQ0302", node.span, left=describe_expression(left), right=with_article(item))


def _items(written: tree.Expression, bound: BoundExpression) -> list[tuple[BoundExpression, Span]]:
    if not isinstance(written, tree.ListLiteral) or not isinstance(bound, FunctionCall):
        return []
    return [(item, node.span) for item, node in zip(bound.arguments, written.items, strict=True)]


def check_has(context: BindContext, node: tree.Binary, left: BoundExpression, right: BoundExpression) -> None:
    """Reports operands of `has`, `has any` and `has all` unless the left is a list whose items are comparable to the
    right (PQ0302, PQ0303)."""
    if left.type.kind in _UNTYPED:
        return
    if left.type.kind is not TypeKind.LIST or left.type.item is None:
        _no_list(context, node, left)
        return
    if node.operator == "has":
        asked: Type | None = right.type
    else:
        asked = right.type.item if right.type.kind is TypeKind.LIST else None
        if right.type.kind in _UNTYPED:
            return
    if asked is None:
        expected = "a list [..] on its right"
        context.report(
            "PQ0303", node.right.span, operator=node.operator, expected=expected, found=describe_expression(right)
        )
    elif not _comparable(left.type.item, asked):
        found = describe_expression(right) if node.operator == "has" else with_article(asked)
        several = node.operator == "has" and _comparable(left.type, asked)
        edit = Fix(node.operator_span, "has any", "write has any") if several else None
        candidates = ("has any", "has all") if several else ()
        left_words = with_article(left.type.item)
        context.report("PQ0302", node.span, left=left_words, right=found, candidates=candidates, fix=edit)


def _no_list(context: BindContext, node: tree.Binary, left: BoundExpression) -> None:
    better = {"has": "==", "has any": "in"}.get(node.operator)
    edit = Fix(node.operator_span, better, f"write {better}") if better else None
    if node.operator == "has" and left.type.kind is TypeKind.TEXT:
        contained = call_text("contains", node.left, node.right)
        edit = replace_node(node, contained) if contained else None
    context.report("PQ0309", node.span, name=_describe(node.left), type=with_article(left.type), fix=edit)


def arithmetic_type(context: BindContext, node: tree.Binary, left: Type, right: Type) -> Type:
    """Of + - * / %. int with int stays int but for /; a time moves by a duration; two times are a duration apart."""
    if left.kind is right.kind is TypeKind.NULL:
        return NULL
    if left.kind in _UNTYPED or right.kind in _UNTYPED:
        known = right if left.kind in _UNTYPED else left
        return (
            FLOAT
            if node.operator == "/" and known.kind in NUMERIC_KINDS
            else known
            if known.kind in NUMERIC_KINDS
            else ANY
        )
    if left.kind in NUMERIC_KINDS and right.kind in NUMERIC_KINDS:
        return INT if left == right == INT and node.operator != "/" else FLOAT
    found = _WITH_TIME.get((left.kind, node.operator, right.kind))
    if found is None:
        if left.kind in STRING_KINDS and node.operator == "+":
            context.report("PQ0311", node.span)
        else:
            found_here = f"{with_article(left)} and {with_article(right)}"
            expected = "numbers, or a time and a duration"
            context.report("PQ0303", node.span, operator=node.operator, expected=expected, found=found_here)
        return ANY
    return found


_WITH_TIME: dict[tuple[TypeKind, str, TypeKind], Type] = {
    (TypeKind.TIME, "+", TypeKind.DURATION): TIME,
    (TypeKind.DURATION, "+", TypeKind.TIME): TIME,
    (TypeKind.TIME, "-", TypeKind.DURATION): TIME,
    (TypeKind.TIME, "-", TypeKind.TIME): DURATION,
    (TypeKind.DURATION, "+", TypeKind.DURATION): DURATION,
    (TypeKind.DURATION, "-", TypeKind.DURATION): DURATION,
    (TypeKind.DURATION, "*", TypeKind.INT): DURATION,
    (TypeKind.DURATION, "*", TypeKind.FLOAT): DURATION,
    (TypeKind.INT, "*", TypeKind.DURATION): DURATION,
    (TypeKind.FLOAT, "*", TypeKind.DURATION): DURATION,
    (TypeKind.DURATION, "/", TypeKind.INT): DURATION,
    (TypeKind.DURATION, "/", TypeKind.FLOAT): DURATION,
    (TypeKind.DURATION, "/", TypeKind.DURATION): FLOAT,
}


def _describe(node: tree.Expression) -> str:
    return node.name if isinstance(node, (tree.Name, tree.MemberAccess, tree.LinkAccess)) else "this"
