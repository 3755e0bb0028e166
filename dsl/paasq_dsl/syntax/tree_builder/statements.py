"""Lark's reductions to the heads of queries, declarations and writes: one method a grammar rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lark import Token, v_args

from paasq_dsl.diagnostics import make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.tree.nodes import covering_span, span_of, unquote_name
from paasq_dsl.syntax.tree_builder.expressions import E, LiteralError
from paasq_dsl.syntax.tree_builder.stages import StageTransformer


@v_args(inline=True)
class StatementTransformer(StageTransformer):  # pyright: ignore[reportGeneralTypeIssues]  # v_args has no types
    """Builds the nodes of heads and writes; each method is called by Lark for the grammar rule of its name, with the
    rule's parts."""

    def query(self, explain: str | None, source: tree.FromClause) -> tree.QueryHead:
        return tree.QueryHead(source.span, source, explain)

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

    def let(
        self, name: Token, parameters: tuple[tree.FormalParameter, ...] | None, source: tree.FromClause
    ) -> tree.LetHead:
        return tree.LetHead(span_of(name, source), unquote_name(name), source, parameters or ())

    def parameters(self, *declared: tree.FormalParameter) -> tuple[tree.FormalParameter, ...]:
        return declared

    def declared(self, name: Token, type_: tree.TypeExpression, default: E | None) -> tree.FormalParameter:
        return tree.FormalParameter(span_of(name), str(name)[1:], type_, default)

    def param(self, name: Token, type_: tree.TypeExpression, default: E | None) -> tree.ParameterDeclaration:
        return tree.ParameterDeclaration(span_of(name), str(name)[1:], type_, default)

    def collection(self, name: Token, *fields: tree.FieldDeclaration) -> tree.CollectionDeclaration:
        return tree.CollectionDeclaration(span_of(name), unquote_name(name), fields)

    def field(
        self, key: Token | None, name: tree.Name, type_: tree.TypeExpression, *modifiers: Any
    ) -> tree.FieldDeclaration:
        options = dict(modifiers)
        return tree.FieldDeclaration(
            name.span, name.name, type_, key is not None, "required" in options, "unique" in options,
            options.get("default"), options.get("sources", ()), options.get("computed"),
        )  # fmt: skip

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

    def plain_type(self, name: Token) -> tree.TypeExpression:
        return tree.TypeExpression(span_of(name), unquote_name(name))

    def sized_type(self, name: Token, argument: Token, end: Token) -> tree.TypeExpression:
        return tree.TypeExpression(span_of(name, end), unquote_name(name), unquote_name(argument))

    link_type = sized_type

    def list_type(self, item: tree.TypeExpression) -> tree.TypeExpression:
        return tree.TypeExpression(item.span, "list", item=item)

    def object_type(self, *parts: Any) -> tree.TypeExpression:
        *fields, end = parts
        return tree.TypeExpression(span_of(fields[0] if fields else end, end), "{}", fields=tuple(fields))

    def put(self, name: Token, records: tuple[tree.ObjectLiteral, ...], expect: tree.Expect | None) -> tree.Put:
        return tree.Put(covering_span((name, records, expect)), self.name(name), records, expect)

    def put_from(self, name: Token, source: tree.FromClause, *rest: Any) -> tree.Put:
        *stages, expect = rest
        return tree.Put(covering_span((name, source, *rest)), self.name(name), (), expect, source, tuple(stages))

    def objects(self, *records: tree.ObjectLiteral) -> tuple[tree.ObjectLiteral, ...]:
        return records

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

    def assigns(self, *items: tree.NamedItem) -> tuple[tree.NamedItem, ...]:
        return items

    def patch_one(self, ref: Token, items: tuple[tree.NamedItem, ...], expect: tree.Expect | None) -> tree.Patch:
        return tree.Patch(covering_span((ref, items, expect)), self.ref(ref), None, items, expect)

    def put_fields(self, ref: Token, items: tuple[tree.NamedItem, ...], expect: tree.Expect | None) -> tree.Patch:
        return replace(self.patch_one(ref, items, expect), upsert=True)

    def patch_where(self, name: Token, condition: E, items: tuple[tree.NamedItem, ...]) -> tree.Patch:
        return tree.Patch(covering_span((name, items)), self.name(name), condition, items, None)

    def delete_one(self, ref: Token, expect: tree.Expect | None) -> tree.Delete:
        return tree.Delete(covering_span((ref, expect)), self.ref(ref), None, expect)

    def delete_where(self, name: Token, condition: E) -> tree.Delete:
        return tree.Delete(span_of(name, condition), self.name(name), condition, None)

    def expect(self, what: Token | E) -> tree.Expect:
        if isinstance(what, Token):
            return tree.Expect(span_of(what), str(what), None)
        return tree.Expect(what.span, None, what)

    def tx(self, *writes: tree.Write) -> tree.Transaction:
        return tree.Transaction(covering_span(writes), writes)
