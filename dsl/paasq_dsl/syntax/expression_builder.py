"""Lark's reductions to tree nodes, one method a grammar rule: expressions, and what every rule needs."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import Any

from lark import Token, Transformer, v_args

from paasq_dsl.diagnostics import Diagnostic, make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import unescape_string
from paasq_dsl.syntax.tree.nodes import covering_span, span_of, unquote_name
from paasq_dsl.values import INT_MAX, INT_MIN, LiteralValueError, parse_duration

E = tree.Expression


class LiteralError(ValueError):
    """A literal of the right form that means nothing."""

    def __init__(self, found: Diagnostic) -> None:
        super().__init__(found.message)
        self.diagnostic = found


def _two_words(first: Token, second: Token) -> Token:
    both = first.update(value=f"{first} {second}")
    both.end_pos = second.end_pos
    return both


@v_args(inline=True)
class ExpressionTransformer(Transformer[Token, Any]):
    """Builds the nodes of expressions; each method is called by Lark for the grammar rule of its name, with the
    rule's parts."""

    def disjunction(self, *operands: E) -> tree.Logical:
        return tree.Logical(covering_span(operands), "or", operands)

    def conjunction(self, *operands: E) -> tree.Logical:
        return tree.Logical(covering_span(operands), "and", operands)

    def negated(self, operand: E) -> tree.Unary:
        return tree.Unary(operand.span, "not", operand)

    def negative(self, minus: Token, operand: E) -> E:
        span = span_of(minus, operand)
        least = isinstance(operand, tree.Literal) and operand.value == -INT_MIN and isinstance(operand.value, int)
        return tree.Literal(span, INT_MIN) if least else tree.Unary(span, "-", operand)

    def comparison(self, left: E, operator: Token, right: E) -> tree.Binary:
        return tree.Binary(span_of(left, right), str(operator), left, right, span_of(operator))

    def comparator(self, token: Token) -> Token:
        return token

    membership = comparator

    def not_in(self, token: Token) -> Token:
        return token.update(value="not in")

    def has_any(self, has: Token, second: Token) -> Token:
        return _two_words(has, second)

    def has_all(self, has: Token, second: Token) -> Token:
        return _two_words(has, second)

    def range(self, low: E, high: E) -> tree.Range:
        return tree.Range(span_of(low, high), low, high)

    def sum(self, first: E, *rest: Any) -> E:
        for operator, right in zip(rest[::2], rest[1::2], strict=True):
            first = tree.Binary(span_of(first, right), str(operator), first, right, span_of(operator))
        return first

    product = sum

    def dot(self, base: E, name: Token) -> tree.MemberAccess:
        return tree.MemberAccess(span_of(base, name), base, unquote_name(name))

    def arrow(self, base: E, name: Token) -> tree.LinkAccess:
        return tree.LinkAccess(span_of(base, name), base, unquote_name(name), span_of(name))

    def call(self, name: Token, *rest: Any) -> tree.Call:
        *arguments, end = (r for r in rest if r is not None)
        return tree.Call(span_of(name, end), unquote_name(name), span_of(name), tuple(arguments))

    def dot_call(self, base: E, name: Token, *rest: Any) -> tree.Call:
        *arguments, end = (r for r in rest if r is not None)
        if not isinstance(base, tree.Name):
            raise LiteralError(
                make_diagnostic("PQ0101", span_of(name), expected="the alias of a module before it", found=name)
            )
        full = f"{base.name}.{unquote_name(name)}"
        return tree.Call(span_of(base, end), full, span_of(base, name), tuple(arguments))

    def list(self, start: Token, *rest: Any) -> tree.ListLiteral:
        *items, end = (r for r in rest if r is not None)
        return tree.ListLiteral(span_of(start, end), tuple(items))

    def group(self, expression: E, _: Token) -> E:
        return expression

    def string(self, token: Token) -> tree.Literal:
        return tree.Literal(span_of(token), unescape_string(token))

    def number(self, token: Token) -> tree.Literal:
        if any(c in token for c in ".eE"):
            if not isfinite(number := float(token)):
                raise LiteralError(make_diagnostic("PQ0312", span_of(token), found=token[:40]))
            return tree.Literal(span_of(token), number)
        if len(token) > len(str(INT_MAX)) or int(token) > -INT_MIN:  # which a minus before it makes the least int
            raise LiteralError(make_diagnostic("PQ0115", span_of(token), found=token[:40], low=INT_MIN, high=INT_MAX))
        return tree.Literal(span_of(token), int(token))

    def parameter(self, token: Token) -> tree.Parameter:
        return tree.Parameter(span_of(token), str(token)[1:])

    def time(self, token: Token) -> tree.Literal | tree.Moment:
        text = str(token)[1:]
        return (
            tree.Literal(span_of(token), text, is_time=True) if text[0].isdigit() else tree.Moment(span_of(token), text)
        )

    def duration(self, token: Token) -> tree.Literal:
        try:
            return tree.Literal(span_of(token), parse_duration(token))
        except LiteralValueError as error:
            raise LiteralError(make_diagnostic(error.code, span_of(token), **error.words)) from None

    def ref(self, token: Token) -> tree.RecordRef:
        return tree.RecordRef.build(token)

    def true(self, token: Token) -> tree.Literal:
        return tree.Literal(span_of(token), value=True)

    def false(self, token: Token) -> tree.Literal:
        return tree.Literal(span_of(token), value=False)

    def null(self, token: Token) -> tree.Literal:
        return tree.Literal(span_of(token), None)

    def name(self, token: Token) -> tree.Name:
        return tree.Name.build(token)

    def column(self, *names: Token) -> tree.Name:
        return tree.Name(span_of(names[0], names[-1]), ".".join(unquote_name(n) for n in names))

    def item(self, name: Token | None, expression: E) -> tree.NamedItem:
        return tree.NamedItem(span_of(name or expression, expression), unquote_name(name) if name else None, expression)

    def renaming(self, name: Token, column: tree.Name) -> tree.NamedItem:
        return tree.NamedItem(span_of(name, column), unquote_name(name), column)

    def pipeline(self, start: Token, source: tree.FromClause, *rest: Any) -> tree.NestedPipeline:
        *stages, end = rest
        return tree.NestedPipeline(span_of(start, end), source, tuple(stages))

    def explain(self, analyze: Token | None) -> str:
        return "analyze" if analyze else "plan"

    def source(
        self, name: Token, member: Token | None, arguments: tree.Arguments | None, as_of: tree.AsOf | None
    ) -> tree.FromClause:
        named = span_of(name, member)
        full = f"{unquote_name(name)}.{unquote_name(member)}" if member else unquote_name(name)
        given = arguments and replace(arguments, span=Span(named.end, arguments.span.end))
        return tree.FromClause(named.cover(covering_span((name, given, as_of))), full, named, as_of, given)

    def source_record(self, record: Token, as_of: tree.AsOf | None) -> tree.FromClause:
        ref = self.ref(record)
        named = Span(ref.span.start, ref.span.start + len(ref.collection))
        return tree.FromClause(
            ref.span.cover(covering_span((record, as_of))), ref.collection, named, as_of, record_key=ref.key
        )

    def arguments(self, *rest: Any) -> tree.Arguments:
        *values, end = (r for r in rest if r is not None)
        return tree.Arguments(span_of(end), tuple(values))

    def as_of_seq(self, seq: E) -> tree.AsOf:
        return tree.AsOf(seq.span, "seq", seq)

    def as_of_snapshot(self, name: tree.Literal | tree.Parameter) -> tree.AsOf:
        return tree.AsOf(name.span, "snapshot", name)

    def required(self, _: Token) -> tuple[str, Any]:
        return "required", True

    def unique(self, _: Token) -> tuple[str, Any]:
        return "unique", True

    def default(self, _: Token, value: E) -> tuple[str, Any]:
        return "default", value

    def sources(self, _: Token, *names: tree.Name) -> tuple[str, Any]:
        return "sources", names

    def computed(self, value: E) -> tuple[str, Any]:
        return "computed", value

    def object(self, *parts: Any) -> tree.ObjectLiteral:
        *pairs, end = (p for p in parts if p is not None)
        return tree.ObjectLiteral(span_of(pairs[0] if pairs else end, end), tuple(pairs))

    def pair(self, name: Token, value: E) -> tree.NamedItem:
        return tree.NamedItem(span_of(name, value), unquote_name(name), value)

    def assign(self, name: tree.Name, value: E) -> tree.NamedItem:
        return tree.NamedItem(span_of(name, value), name.name, value)

    def list_of_objects(self, *parts: Any) -> E:
        *objects, end = parts
        raise LiteralError(make_diagnostic("PQ0313", span_of(objects[0], end)))
