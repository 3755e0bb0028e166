"""Lark's reductions to tree nodes: one method a grammar rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from lark import Token, Transformer, v_args

from paasq_dsl.diagnostics import Diagnostic, diagnostic
from paasq_dsl.source import Span
from paasq_dsl.syntax import tree, tree_retrieval
from paasq_dsl.syntax.tokens import unquote
from paasq_dsl.values import INT_MAX, INT_MIN, parse_duration

E = tree.Expression
Words: TypeAlias = tree.Literal | tree.Parameter


class LiteralError(ValueError):
    """A literal of the right form that means nothing."""

    def __init__(self, found: Diagnostic) -> None:
        super().__init__(found.message)
        self.diagnostic = found


def _span(first: Token | tree.Node, last: Token | tree.Node | None = None) -> Span:
    start = _of(first).start
    return Span(start, _of(last if last is not None else first).end)


def _of(part: Token | tree.Node) -> Span:
    if isinstance(part, Token):
        assert part.start_pos is not None
        assert part.end_pos is not None
        return Span(part.start_pos, part.end_pos)
    return part.span


def _two_words(first: Token, second: Token) -> Token:
    both = first.update(value=f"{first} {second}")
    both.end_pos = second.end_pos
    return both


def _name(token: Token) -> str:
    return str(token).strip("`")


def _around(parts: Sequence[Any]) -> Span:
    """From the first to the last part that is there."""
    there = [p for p in parts if p is not None and (not isinstance(p, tuple) or p)]
    flat = [q for p in there for q in (p if isinstance(p, tuple) else (p,))]
    return _span(flat[0], flat[-1]) if flat else Span(0, 0)


@v_args(inline=True)
class Builder(Transformer[Token, Any]):
    # ---- heads

    def query(self, explain: str | None, source: tree.From) -> tree.QueryHead:
        return tree.QueryHead(source.span, source, explain)

    def explain(self, analyze: Token | None) -> str:
        return "analyze" if analyze else "plan"

    def source(self, name: Token) -> tree.From:
        return tree.From(_span(name), _name(name), _span(name))

    def let(self, name: Token, source: tree.From) -> tree.LetHead:
        return tree.LetHead(_span(name, source), _name(name), source)

    def param(self, name: Token, type_: tree.TypeName, default: E | None) -> tree.ParameterDeclaration:
        return tree.ParameterDeclaration(_span(name), str(name)[1:], type_, default)

    def collection(self, name: Token, *fields: tree.FieldDeclaration) -> tree.CollectionDeclaration:
        return tree.CollectionDeclaration(_span(name), _name(name), fields)

    def field(self, key: Token | None, name: Token, type_: tree.TypeName, *modifiers: Any) -> tree.FieldDeclaration:
        options = dict(modifiers)
        return tree.FieldDeclaration(
            _span(name), _name(name), type_, key is not None, "required" in options, options.get("default"),
            options.get("sources", ()),
        )  # fmt: skip

    def required(self, _: Token) -> tuple[str, Any]:
        return "required", True

    def default(self, _: Token, value: E) -> tuple[str, Any]:
        return "default", value

    def sources(self, _: Token, *names: Token) -> tuple[str, Any]:
        return "sources", tuple(self.name(n) for n in names)

    def plain_type(self, name: Token) -> tree.TypeName:
        return tree.TypeName(_span(name), _name(name))

    def sized_type(self, name: Token, argument: Token) -> tree.TypeName:
        return tree.TypeName(_span(name, argument), _name(name), _name(argument))

    link_type = sized_type

    def list_type(self, item: tree.TypeName) -> tree.TypeName:
        return tree.TypeName(item.span, "list", item=item)

    def put(self, name: Token, records: tuple[tree.Record, ...], expect: tree.Expect | None) -> tree.Put:
        return tree.Put(_around((name, records, expect)), self.name(name), records, expect)

    def objects(self, *records: tree.Record) -> tuple[tree.Record, ...]:
        return records

    def object(self, *parts: Any) -> tree.Record:
        *pairs, end = (p for p in parts if p is not None)
        return tree.Record(_span(pairs[0] if pairs else end, end), tuple(pairs))

    def pair(self, name: Token, value: E) -> tree.Item:
        return tree.Item(_span(name, value), _name(name), value)

    assign = pair

    def assigns(self, *items: tree.Item) -> tuple[tree.Item, ...]:
        return items

    def patch_one(self, ref: Token, items: tuple[tree.Item, ...], expect: tree.Expect | None) -> tree.Patch:
        return tree.Patch(_around((ref, items, expect)), self.ref(ref), None, items, expect)

    def patch_where(self, name: Token, condition: E, items: tuple[tree.Item, ...]) -> tree.Patch:
        return tree.Patch(_around((name, items)), self.name(name), condition, items, None)

    def delete_one(self, ref: Token, expect: tree.Expect | None) -> tree.Delete:
        return tree.Delete(_around((ref, expect)), self.ref(ref), None, expect)

    def delete_where(self, name: Token, condition: E) -> tree.Delete:
        return tree.Delete(_span(name, condition), self.name(name), condition, None)

    def expect(self, what: Token | E) -> tree.Expect:
        if isinstance(what, Token):
            return tree.Expect(_span(what), str(what), None)
        return tree.Expect(what.span, None, what)

    def tx(self, *writes: tree.Write) -> tree.Transaction:
        return tree.Transaction(_around(writes), writes)

    # ---- stages

    def where(self, predicate: E) -> tree.Where:
        return tree.Where(predicate.span, predicate)

    def find(
        self, words: Words, fields: tuple[tree.Weighted, ...] | None, options: tuple[tree.Option, ...]
    ) -> tree.Find:
        return tree.Find(_around((words, fields, options)), words, fields or (), options)

    def match(
        self, fields: tuple[tree.Weighted, ...] | None, words: Words, options: tuple[tree.Option, ...]
    ) -> tree.Match:
        return tree.Match(_around((fields, words, options)), fields or (), words, options)

    def match_like(self, fields: tuple[tree.Weighted, ...] | None, record: E) -> tree.Match:
        return tree.Match(_around((fields, record)), fields or (), record, like=True)

    def weights(self, *fields: tree.Weighted) -> tuple[tree.Weighted, ...]:
        return fields

    def weighted(self, name: Token, weight: Token | None) -> tree.Weighted:
        return tree.Weighted(_span(name), _name(name), float(weight) if weight else 1.0)

    def near(self, field: Token | None, target: E, options: tuple[tree.Option, ...]) -> tree.Near:
        span = _around((field, target, options))
        return tree.Near(span, _name(field) if field else None, _span(field) if field else span, target, options)

    def options(self, *options: tree.Option) -> tuple[tree.Option, ...]:
        return options

    def option(self, name: Token, value: E) -> tree.Option:
        return tree.Option(_span(name, value), _name(name), value)

    def fuse(self, method: Token, options: tuple[tree.Option, ...], *branches: tree.Branch) -> tree.Fuse:
        return tree.Fuse(_around((method, *branches)), _name(method), _span(method), options, branches)

    def branch(self, name: Token, *stages: tree.Stage) -> tree.Branch:
        return tree.Branch(_span(name, stages[-1]), _name(name), stages)

    def sort(self, *keys: tree.SortKey) -> tree.Sort:
        return tree.Sort(_around(keys), keys)

    def sort_key(self, expression: E, direction: Token | None, nulls: Token | None) -> tree.SortKey:
        return tree.SortKey(_span(expression, nulls or direction), expression, direction == "desc", nulls == "first")

    def take(self, count: E) -> tree.Take:
        return tree.Take(count.span, count)

    def page(self, size: E, after: E | None) -> tree.Page:
        return tree.Page(_span(size, after), size, after)

    def item(self, name: Token | None, expression: E) -> tree.Item:
        return tree.Item(_span(name or expression, expression), _name(name) if name else None, expression)

    def select(self, *items: tree.Item) -> tree.Select:
        return tree.Select(_around(items), items)

    def extend(self, *items: tree.Item) -> tree.Extend:
        return tree.Extend(_around(items), items)

    def facet_item(self, item: tree.Item, top: E | None) -> tree.FacetItem:
        return tree.FacetItem(_span(item, top), item, top)

    def facet(self, *items: tree.FacetItem) -> tree.Facet:
        return tree.Facet(_around(items), items)

    def aggregates(self, *items: tree.Item) -> tuple[tree.Item, ...]:
        return items

    keys = aggregates

    def summarize(
        self, aggregates: tuple[tree.Item, ...] | None, keys: tuple[tree.Item, ...] | None, fill: Token | E | None
    ) -> tree.Summarize:
        if isinstance(fill, Token):
            fill = self.name(fill)
        return tree.Summarize(_around((aggregates, keys, fill)), aggregates or (), keys or (), fill)

    def follow(self, field: Token, depth: E | None) -> tree.Follow:
        return tree.Follow(_span(field, depth), _name(field), _span(field), depth)

    def column(self, *names: Token) -> tree.Name:
        return tree.Name(_span(names[0], names[-1]), ".".join(_name(n) for n in names))

    def expressions(self, *expressions: E) -> tuple[E, ...]:
        return expressions

    def drop(self, *columns: tree.Name) -> tree.Drop:
        return tree.Drop(_around(columns), columns)

    def renaming(self, name: Token, column: tree.Name) -> tree.Item:
        return tree.Item(_span(name, column), _name(name), column)

    def rename(self, *items: tree.Item) -> tree.Rename:
        return tree.Rename(_around(items), items)

    def skip(self, count: E) -> tree.Skip:
        return tree.Skip(count.span, count)

    def distinct(self, keys: tuple[E, ...] | None) -> tree.Distinct:
        return tree.Distinct(_around((keys,)), keys or ())

    def expand(self, column: tree.Name, name: Token | None) -> tree.Expand:
        return tree.Expand(_span(column, name), column, _name(name) if name else None)

    def sample(self, count: E, seed: E | None) -> tree.Sample:
        return tree.Sample(_span(count, seed), count, seed)

    def pipeline(self, source: tree.From, *rest: Any) -> tree.Pipeline:
        *stages, end = rest
        return tree.Pipeline(_span(source, end), source, tuple(stages))

    def union(self, *pipelines: tree.Pipeline) -> tree.Union:
        return tree.Union(_around(pipelines), pipelines)

    def lookup(self, how: Token, collection: Token, condition: E, name: Token) -> tree.Lookup:
        return tree.Lookup(
            _span(how, name), how == "many", self.name(collection), condition, _name(name), _span(name)
        )  # fmt: skip

    def rerank(self, value: E) -> tree_retrieval.Rerank:
        return tree_retrieval.Rerank(value.span, value)

    def collapse(self, value: E, keep: E | None) -> tree_retrieval.Collapse:
        return tree_retrieval.Collapse(_span(value, keep), value, keep)

    def diversify(self, field: Token | None, options: tuple[tree.Option, ...]) -> tree_retrieval.Diversify:
        span = _around((field, options))
        return tree_retrieval.Diversify(span, _name(field) if field else None, _span(field) if field else span, options)

    def passages(self, field: Token, most: E | None) -> tree_retrieval.Passages:
        return tree_retrieval.Passages(_span(field, most), _name(field), _span(field), most)

    def cite(self, word: Token) -> tree_retrieval.Cite:
        return tree_retrieval.Cite(_span(word))

    def limit(self, name: Token, value: E) -> tree.Option:
        return tree.Option(_span(name, value), _name(name), value)

    def budget(self, *limits: tree.Option) -> tree_retrieval.Budget:
        return tree_retrieval.Budget(_around(limits), limits)

    # ---- expressions

    def disjunction(self, *operands: E) -> tree.Logical:
        return tree.Logical(_around(operands), "or", operands)

    def conjunction(self, *operands: E) -> tree.Logical:
        return tree.Logical(_around(operands), "and", operands)

    def negated(self, operand: E) -> tree.Unary:
        return tree.Unary(operand.span, "not", operand)

    def negative(self, minus: Token, operand: E) -> E:
        return tree.Unary(_span(minus, operand), "-", operand)

    def comparison(self, left: E, operator: Token, right: E) -> tree.Binary:
        return tree.Binary(_span(left, right), str(operator), left, right, _span(operator))

    def comparator(self, token: Token) -> Token:
        return token

    def not_in(self, token: Token) -> Token:
        return token.update(value="not in")

    def has_any(self, has: Token, second: Token) -> Token:
        return _two_words(has, second)

    def has_all(self, has: Token, second: Token) -> Token:
        return _two_words(has, second)

    def range(self, low: E, high: E) -> tree.Range:
        return tree.Range(_span(low, high), low, high)

    def sum(self, first: E, *rest: Any) -> E:
        for operator, right in zip(rest[::2], rest[1::2], strict=True):
            first = tree.Binary(_span(first, right), str(operator), first, right, _span(operator))
        return first

    product = sum

    def dot(self, base: E, name: Token) -> tree.Dot:
        return tree.Dot(_span(base, name), base, _name(name))

    def arrow(self, base: E, name: Token) -> tree.Arrow:
        return tree.Arrow(_span(base, name), base, _name(name), _span(name))

    def call(self, name: Token, *rest: Any) -> tree.Call:
        *arguments, end = (r for r in rest if r is not None)
        return tree.Call(_span(name, end), _name(name), _span(name), tuple(arguments))

    def list(self, *rest: Any) -> tree.ListOf:
        *items, end = (r for r in rest if r is not None)
        first = items[0] if items else end
        return tree.ListOf(_span(first, end), tuple(items))

    def group(self, expression: E, _: Token) -> E:
        return expression

    def string(self, token: Token) -> tree.Literal:
        return tree.Literal(_span(token), unquote(token))

    def number(self, token: Token) -> tree.Literal:
        if any(c in token for c in ".eE"):
            return tree.Literal(_span(token), float(token))
        if len(token) > len(str(INT_MAX)) or int(token) > INT_MAX:
            raise LiteralError(diagnostic("PQ0115", _span(token), found=token[:40], low=INT_MIN, high=INT_MAX))
        return tree.Literal(_span(token), int(token))

    def parameter(self, token: Token) -> tree.Parameter:
        return tree.Parameter(_span(token), str(token)[1:])

    def time(self, token: Token) -> tree.Literal | tree.Moment:
        text = str(token)[1:]
        return tree.Literal(_span(token), text, as_time=True) if text[0].isdigit() else tree.Moment(_span(token), text)

    def duration(self, token: Token) -> tree.Literal:
        try:
            return tree.Literal(_span(token), parse_duration(token))
        except ValueError as error:
            raise LiteralError(diagnostic("PQ0116", _span(token), found=error)) from None

    def ref(self, token: Token) -> tree.Ref:
        collection, key = str(token).split(":", 1)
        return tree.Ref(_span(token), collection, unquote(key) if key.startswith('"') else key)

    def true(self, token: Token) -> tree.Literal:
        return tree.Literal(_span(token), value=True)

    def false(self, token: Token) -> tree.Literal:
        return tree.Literal(_span(token), value=False)

    def null(self, token: Token) -> tree.Literal:
        return tree.Literal(_span(token), None)

    def name(self, token: Token) -> tree.Name:
        return tree.Name(_span(token), _name(token))
