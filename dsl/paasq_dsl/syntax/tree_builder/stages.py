"""Lark's reductions to the nodes of stages: one method a grammar rule."""

from __future__ import annotations

from typing import Any, TypeAlias

from lark import Token, v_args

from paasq_dsl.syntax import tree
from paasq_dsl.syntax.tree_builder.expressions import E, ExpressionBuilder, around, plain_name, span_of

Words: TypeAlias = tree.Literal | tree.Parameter


@v_args(inline=True)
class StageBuilder(ExpressionBuilder):  # pyright: ignore[reportGeneralTypeIssues]  # v_args has no types
    def where(self, predicate: E) -> tree.Where:
        return tree.Where(predicate.span, predicate)

    def find(
        self, words: Words, fields: tuple[tree.Weighted, ...] | None, options: tuple[tree.Option, ...]
    ) -> tree.Find:
        return tree.Find(around((words, fields, options)), words, fields or (), options)

    def match(
        self, fields: tuple[tree.Weighted, ...] | None, words: Words, options: tuple[tree.Option, ...]
    ) -> tree.Match:
        return tree.Match(around((fields, words, options)), fields or (), words, options)

    def match_like(self, fields: tuple[tree.Weighted, ...] | None, record: E) -> tree.Match:
        return tree.Match(around((fields, record)), fields or (), record, like=True)

    def weights(self, *fields: tree.Weighted) -> tuple[tree.Weighted, ...]:
        return fields

    def weighted(self, field: tree.Name, weight: Token | None) -> tree.Weighted:
        return tree.Weighted(field.span, field.name, float(weight) if weight else 1.0)

    def near(self, field: tree.Name | None, target: E, options: tuple[tree.Option, ...]) -> tree.Near:
        span = around((field, target, options))
        return tree.Near(span, field.name if field else None, field.span if field else span, target, options)

    def options(self, *options: tree.Option) -> tuple[tree.Option, ...]:
        return options

    def option(self, name: Token, value: E) -> tree.Option:
        return tree.Option(span_of(name, value), plain_name(name), value)

    def fuse(self, method: Token, options: tuple[tree.Option, ...], *branches: tree.Branch) -> tree.Fuse:
        return tree.Fuse(around((method, *branches)), plain_name(method), span_of(method), options, branches)

    def branch(self, name: Token, *stages: tree.Stage) -> tree.Branch:
        return tree.Branch(span_of(name, stages[-1]), plain_name(name), stages)

    def sort(self, *keys: tree.SortKey) -> tree.Sort:
        return tree.Sort(around(keys), keys)

    def sort_key(self, expression: E, direction: Token | None, nulls: Token | None) -> tree.SortKey:
        return tree.SortKey(span_of(expression, nulls or direction), expression, direction == "desc", nulls == "first")

    def take(self, count: E) -> tree.Take:
        return tree.Take(count.span, count)

    def page(self, size: E, after: E | None) -> tree.Page:
        return tree.Page(span_of(size, after), size, after)

    def item(self, name: Token | None, expression: E) -> tree.Item:
        return tree.Item(span_of(name or expression, expression), plain_name(name) if name else None, expression)

    def select(self, *items: tree.Item) -> tree.Select:
        return tree.Select(around(items), items)

    def extend(self, *items: tree.Item) -> tree.Extend:
        return tree.Extend(around(items), items)

    def extend_by(self, *parts: Any) -> tree.Extend:
        *items, keys = parts
        return tree.Extend(around((*items, keys)), tuple(items), keys)

    def facet_item(self, item: tree.Item, top: E | None) -> tree.FacetItem:
        return tree.FacetItem(span_of(item, top), item, top)

    def facet(self, *items: tree.FacetItem) -> tree.Facet:
        return tree.Facet(around(items), items)

    def aggregates(self, *items: tree.Item) -> tuple[tree.Item, ...]:
        return items

    keys = aggregates

    def summarize(
        self, aggregates: tuple[tree.Item, ...] | None, keys: tuple[tree.Item, ...] | None, fill: Token | E | None
    ) -> tree.Summarize:
        filled: E | None = self.name(fill) if isinstance(fill, Token) else fill
        return tree.Summarize(around((aggregates, keys, filled)), aggregates or (), keys or (), filled)

    def follow(self, field: tree.Name, depth: E | None) -> tree.Follow:
        return tree.Follow(span_of(field, depth), field.name, field.span, depth)

    def column(self, *names: Token) -> tree.Name:
        return tree.Name(span_of(names[0], names[-1]), ".".join(plain_name(n) for n in names))

    def expressions(self, *expressions: E) -> tuple[E, ...]:
        return expressions

    def drop(self, *columns: tree.Name) -> tree.Drop:
        return tree.Drop(around(columns), columns)

    def renaming(self, name: Token, column: tree.Name) -> tree.Item:
        return tree.Item(span_of(name, column), plain_name(name), column)

    def rename(self, *items: tree.Item) -> tree.Rename:
        return tree.Rename(around(items), items)

    def skip(self, count: E) -> tree.Skip:
        return tree.Skip(count.span, count)

    def distinct(self, keys: tuple[E, ...] | None) -> tree.Distinct:
        return tree.Distinct(around((keys,)), keys or ())

    def expand(self, column: tree.Name, name: Token | None) -> tree.Expand:
        return tree.Expand(span_of(column, name), column, plain_name(name) if name else None)

    def sample(self, count: E, seed: E | None) -> tree.Sample:
        return tree.Sample(span_of(count, seed), count, seed)

    def pipeline(self, start: Token, source: tree.From, *rest: Any) -> tree.Pipeline:
        *stages, end = rest
        return tree.Pipeline(span_of(start, end), source, tuple(stages))

    def union(self, *pipelines: tree.Pipeline) -> tree.Union:
        return tree.Union(around(pipelines), pipelines)

    def lookup(self, how: Token, collection: Token, condition: E, name: Token) -> tree.Lookup:
        return tree.Lookup(
            span_of(how, name), how == "many", self.name(collection), condition, plain_name(name), span_of(name)
        )  # fmt: skip

    def rerank(self, value: E) -> tree.Rerank:
        return tree.Rerank(value.span, value)

    def collapse(self, value: E, keep: E | None) -> tree.Collapse:
        return tree.Collapse(span_of(value, keep), value, keep)

    def diversify(self, field: tree.Name | None, options: tuple[tree.Option, ...]) -> tree.Diversify:
        span = around((field, options))
        return tree.Diversify(span, field.name if field else None, field.span if field else span, options)

    def passages(self, field: tree.Name, most: E | None) -> tree.Passages:
        return tree.Passages(span_of(field, most), field.name, field.span, most)

    def cite(self, word: Token) -> tree.Cite:
        return tree.Cite(span_of(word))

    def limit(self, name: Token, value: E) -> tree.Option:
        return tree.Option(span_of(name, value), plain_name(name), value)

    def budget(self, *limits: tree.Option) -> tree.Budget:
        return tree.Budget(around(limits), limits)
