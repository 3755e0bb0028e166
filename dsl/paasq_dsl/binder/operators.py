"""The types that operators take and give."""

from __future__ import annotations

from paasq_dsl.binder.context import Context
from paasq_dsl.bound import Apply, Bound
from paasq_dsl.diagnostics import Edit
from paasq_dsl.functions.signature import unify
from paasq_dsl.syntax import tree
from paasq_dsl.types import ANY, DURATION, FLOAT, INT, NUMBER_KINDS, ORDERED_KINDS, STRING_KINDS, TIME, Kind, Type
from paasq_dsl.values import parse_time

_LOOSE = frozenset({Kind.ANY, Kind.NULL})


def check_comparison(context: Context, node: tree.Binary, left: Type, right: Type) -> None:
    if left.kind in _LOOSE or right.kind in _LOOSE:
        return
    if (left.kind is Kind.LIST) != (right.kind is Kind.LIST):
        written = node.left if left.kind is Kind.LIST else node.right
        edit = (
            Edit(node.operator_span, "has", "write has") if node.operator == "==" and left.kind is Kind.LIST else None
        )
        context.report(
            "PQ0305", node.span, name=_describe(written), operator=node.operator, candidates=("has",), edit=edit
        )
        return
    if {left.kind, right.kind} & {Kind.TIME} and {left.kind, right.kind} & STRING_KINDS:
        _text_for_time(context, node, node.right if left.kind is Kind.TIME else node.left)
        return
    unordered = node.operator not in {"==", "!="} and not {left.kind, right.kind} <= ORDERED_KINDS
    if unordered or unify(left, right) is None or left.kind is Kind.VECTOR:
        context.report("PQ0302", node.span, left=left, right=right)


def _text_for_time(context: Context, node: tree.Binary, written: tree.Expression) -> None:
    value = written.value if isinstance(written, tree.Literal) and isinstance(written.value, str) else None
    edit = None
    better = "@2026-11-22"
    if value is not None:
        try:
            parse_time(value)
        except ValueError:
            pass
        else:
            better = f"@{value}".replace(" ", "T")
            edit = Edit(written.span, better, f"write {better}")
    context.report("PQ0308", written.span if value is not None else node.span, better=better, edit=edit)


def check_membership(context: Context, node: tree.Binary, left: Type, right: Bound) -> None:
    item = right.type.item if right.type.kind is Kind.LIST else right.type
    is_range = isinstance(right, Apply) and right.function == ".."
    if left.kind is Kind.LIST:
        context.report("PQ0305", node.span, name=_describe(node.left), operator=node.operator, candidates=("has any",))
    elif not is_range and right.type.kind not in {Kind.LIST, Kind.ANY}:
        expected = "a list [..] or a range a..b on its right"
        context.report("PQ0303", node.right.span, operator=node.operator, expected=expected, found=right.type)
    elif item is not None and unify(left, item) is None:
        context.report("PQ0302", node.span, left=left, right=item)


def check_has(context: Context, node: tree.Binary, left: Type, right: Type) -> None:
    if left.kind in _LOOSE:
        return
    if left.kind is not Kind.LIST or left.item is None:
        edit = Edit(node.operator_span, "==", "write ==") if node.operator == "has" else None
        context.report("PQ0309", node.span, name=_describe(node.left), type=left, candidates=("==",), edit=edit)
        return
    if node.operator == "has":
        asked: Type | None = right
    else:
        asked = right.item if right.kind is Kind.LIST else None
        if right.kind in _LOOSE:
            return
    if asked is None:
        context.report(
            "PQ0303", node.right.span, operator=node.operator, expected="a list [..] on its right", found=right
        )
    elif unify(left.item, asked) is None:
        context.report("PQ0302", node.span, left=f"an item of {left}", right=asked)


def arithmetic_type(context: Context, node: tree.Binary, left: Type, right: Type) -> Type:
    """Of + - * / %. int with int stays int but for /; a time moves by a duration; two times are a duration apart."""
    if left.kind in _LOOSE or right.kind in _LOOSE:
        known = right if left.kind in _LOOSE else left
        return (
            FLOAT
            if node.operator == "/" and known.kind in NUMBER_KINDS
            else known
            if known.kind in NUMBER_KINDS
            else ANY
        )
    if left.kind in NUMBER_KINDS and right.kind in NUMBER_KINDS:
        return INT if left == right == INT and node.operator != "/" else FLOAT
    found = _WITH_TIME.get((left.kind, node.operator, right.kind))
    if found is None:
        hint = "numbers, or a time and a duration"
        if left.kind in STRING_KINDS and node.operator == "+":
            hint = "numbers; texts are joined by concat(a, b)"
        context.report("PQ0303", node.span, operator=node.operator, expected=hint, found=f"{left} and {right}")
        return ANY
    return found


_WITH_TIME: dict[tuple[Kind, str, Kind], Type] = {
    (Kind.TIME, "+", Kind.DURATION): TIME,
    (Kind.DURATION, "+", Kind.TIME): TIME,
    (Kind.TIME, "-", Kind.DURATION): TIME,
    (Kind.TIME, "-", Kind.TIME): DURATION,
    (Kind.DURATION, "+", Kind.DURATION): DURATION,
    (Kind.DURATION, "-", Kind.DURATION): DURATION,
    (Kind.DURATION, "*", Kind.INT): DURATION,
    (Kind.DURATION, "*", Kind.FLOAT): DURATION,
    (Kind.INT, "*", Kind.DURATION): DURATION,
    (Kind.FLOAT, "*", Kind.DURATION): DURATION,
    (Kind.DURATION, "/", Kind.INT): DURATION,
    (Kind.DURATION, "/", Kind.FLOAT): DURATION,
    (Kind.DURATION, "/", Kind.DURATION): FLOAT,
}


def _describe(node: tree.Expression) -> str:
    return node.name if isinstance(node, (tree.Name, tree.Dot, tree.Arrow)) else "this"
