"""Lark's reductions to the nodes of stages: one method a grammar rule."""

from __future__ import annotations

from typing import Any, TypeAlias

from lark import Token, v_args

from paasq_dsl.syntax import tree
from paasq_dsl.syntax.tree_builder.expressions import E, ExpressionTransformer, covering_span, span_of, unquote_name

QueryText: TypeAlias = tree.Literal | tree.Parameter


@v_args(inline=True)
class StageTransformer(ExpressionTransformer):  # pyright: ignore[reportGeneralTypeIssues]  # v_args has no types
    """Builds the nodes of stages; each method is called by Lark for the grammar rule of its name, with the rule's
    parts."""

    def where(self, predicate: E) -> tree.Where:
        return tree.Where(predicate.span, predicate)

    def find(
        self, words: QueryText, fields: tuple[tree.WeightedField, ...] | None, options: tuple[tree.Option, ...]
    ) -> tree.Find:
        return tree.Find(covering_span((words, fields, options)), words, fields or (), options)

    def match(
        self, fields: tuple[tree.WeightedField, ...] | None, words: QueryText, options: tuple[tree.Option, ...]
    ) -> tree.Match:
        return tree.Match(covering_span((fields, words, options)), fields or (), words, options)

    def match_like(self, fields: tuple[tree.WeightedField, ...] | None, record: E) -> tree.Match:
        return tree.Match(covering_span((fields, record)), fields or (), record, is_more_like_this=True)

    def weights(self, *fields: tree.WeightedField) -> tuple[tree.WeightedField, ...]:
        return fields

    def weighted(self, field: tree.Name, weight: Token | None) -> tree.WeightedField:
        return tree.WeightedField(field.span, field.name, float(weight) if weight else 1.0)

    def near(self, field: tree.Name | None, target: E, options: tuple[tree.Option, ...]) -> tree.Near:
        span = covering_span((field, target, options))
        return tree.Near(span, field.name if field else None, field.span if field else span, target, options)

    def options(self, *options: tree.Option) -> tuple[tree.Option, ...]:
        return options

    def option(self, name: Token, value: E) -> tree.Option:
        return tree.Option(span_of(name, value), unquote_name(name), value)

    def fuse(self, method: Token, options: tuple[tree.Option, ...], *branches: tree.FuseBranch) -> tree.Fuse:
        return tree.Fuse(covering_span((method, *branches)), unquote_name(method), span_of(method), options, branches)

    def branch(self, name: Token, *stages: tree.Stage) -> tree.FuseBranch:
        return tree.FuseBranch(span_of(name, stages[-1]), unquote_name(name), stages)

    def sort(self, *keys: tree.SortKey) -> tree.Sort:
        return tree.Sort(covering_span(keys), keys)

    def sort_key(self, expression: E, direction: Token | None, nulls: Token | None) -> tree.SortKey:
        return tree.SortKey(span_of(expression, nulls or direction), expression, direction == "desc", nulls == "first")

    def take(self, count: E) -> tree.Take:
        return tree.Take(count.span, count)

    def page(self, size: E, after: E | None) -> tree.Page:
        return tree.Page(span_of(size, after), size, after)

    def item(self, name: Token | None, expression: E) -> tree.NamedItem:
        return tree.NamedItem(span_of(name or expression, expression), unquote_name(name) if name else None, expression)

    def select(self, *items: tree.NamedItem) -> tree.Select:
        return tree.Select(covering_span(items), items)

    def extend(self, *items: tree.NamedItem) -> tree.Extend:
        return tree.Extend(covering_span(items), items)

    def extend_by(self, *parts: Any) -> tree.Extend:
        *items, keys = parts
        return tree.Extend(covering_span((*items, keys)), tuple(items), keys)

    def facet_item(self, item: tree.NamedItem, top: E | None) -> tree.FacetItem:
        return tree.FacetItem(span_of(item, top), item, top)

    def facet(self, *items: tree.FacetItem) -> tree.Facet:
        return tree.Facet(covering_span(items), items)

    def aggregates(self, *items: tree.NamedItem) -> tuple[tree.NamedItem, ...]:
        return items

    keys = aggregates

    def summarize(
        self,
        aggregates: tuple[tree.NamedItem, ...] | None,
        keys: tuple[tree.NamedItem, ...] | None,
        fill: Token | E | None,
    ) -> tree.Summarize:
        filled: E | None = self.name(fill) if isinstance(fill, Token) else fill
        return tree.Summarize(covering_span((aggregates, keys, filled)), aggregates or (), keys or (), filled)

    def follow(self, field: tree.Name, depth: E | None) -> tree.Follow:
        return tree.Follow(span_of(field, depth), field.name, field.span, depth)

    def column(self, *names: Token) -> tree.Name:
        return tree.Name(span_of(names[0], names[-1]), ".".join(unquote_name(n) for n in names))

    def expressions(self, *expressions: E) -> tuple[E, ...]:
        return expressions

    def drop(self, *columns: tree.Name) -> tree.Drop:
        return tree.Drop(covering_span(columns), columns)

    def renaming(self, name: Token, column: tree.Name) -> tree.NamedItem:
        return tree.NamedItem(span_of(name, column), unquote_name(name), column)

    def rename(self, *items: tree.NamedItem) -> tree.Rename:
        return tree.Rename(covering_span(items), items)

    def skip(self, count: E) -> tree.Skip:
        return tree.Skip(count.span, count)

    def distinct(self, keys: tuple[E, ...] | None) -> tree.Distinct:
        return tree.Distinct(covering_span((keys,)), keys or ())

    def expand(self, column: tree.Name, name: Token | None) -> tree.Expand:
        return tree.Expand(span_of(column, name), column, unquote_name(name) if name else None)

    def sample(self, count: E, seed: E | None) -> tree.Sample:
        return tree.Sample(span_of(count, seed), count, seed)

    def pipeline(self, start: Token, source: tree.FromClause, *rest: Any) -> tree.NestedPipeline:
        *stages, end = rest
        return tree.NestedPipeline(span_of(start, end), source, tuple(stages))

    def union(self, *pipelines: tree.NestedPipeline) -> tree.Union:
        return tree.Union(covering_span(pipelines), pipelines)

    def lookup(self, how: Token, collection: Token, condition: E, name: Token) -> tree.Lookup:
        return tree.Lookup(
            span_of(how, name), how == "many", self.name(collection), condition, unquote_name(name), span_of(name)
        )  # fmt: skip

    def rerank(self, value: E) -> tree.Rerank:
        return tree.Rerank(value.span, value)

    def collapse(self, value: E, keep: E | None) -> tree.Collapse:
        return tree.Collapse(span_of(value, keep), value, keep)

    def diversify(self, field: tree.Name | None, options: tuple[tree.Option, ...]) -> tree.Diversify:
        span = covering_span((field, options))
        return tree.Diversify(span, field.name if field else None, field.span if field else span, options)

    def passages(self, field: tree.Name, most: E | None) -> tree.Passages:
        return tree.Passages(span_of(field, most), field.name, field.span, most)

    def cite(self, word: Token) -> tree.Cite:
        return tree.Cite(span_of(word))

    def limit(self, name: Token, value: E) -> tree.Option:
        return tree.Option(span_of(name, value), unquote_name(name), value)

    def budget(self, *limits: tree.Option) -> tree.Budget:
        return tree.Budget(covering_span(limits), limits)
