"""Lark's reductions of the commands in tree/statements.py, and the docs of fields."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any, TypeAlias

from lark import Token, v_args

from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import Token as ScannedToken
from paasq_dsl.syntax.lexer import TokenKind, tokenize
from paasq_dsl.syntax.stage_splitter import without_trivia
from paasq_dsl.syntax.token_spacing import format_on_one_line
from paasq_dsl.syntax.tree.nodes import covering_span, span_of, unquote_name
from paasq_dsl.syntax.tree_builder.expressions import E
from paasq_dsl.syntax.tree_builder.statements import StatementTransformer

Definition: TypeAlias = tree.LetHead | tree.ViewHead | tree.FunctionDeclaration


@v_args(inline=True)
class TreeBuilder(StatementTransformer):  # pyright: ignore[reportGeneralTypeIssues]  # v_args has no types
    """All rules of the grammar."""

    def fn(
        self, name: Token, parameters: tuple[tree.FormalParameter, ...] | None, result: tree.TypeExpression, body: E
    ) -> tree.FunctionDeclaration:
        named = self.name(name)
        return tree.FunctionDeclaration(named.span.cover(body.span), named.name, parameters or (), result, body)

    def takes(self, *taken: tree.FormalParameter) -> tuple[tree.FormalParameter, ...]:
        return taken

    def taken(self, name: Token, type_: tree.TypeExpression, default: E | None) -> tree.FormalParameter:
        return tree.FormalParameter(span_of(name), unquote_name(name), type_, default)

    def use(self, path: tree.Literal, alias: Token) -> tree.Use:
        named = self.name(alias)
        return tree.Use(path.span.cover(named.span), str(path.value), path.span, named.name)

    def zone(self, name: tree.Literal) -> tree.SetTimeZone:
        return tree.SetTimeZone(name.span, str(name.value))

    def view(
        self, name: Token, parameters: tuple[tree.FormalParameter, ...] | None, source: tree.FromClause
    ) -> tree.ViewHead:
        named = self.name(name)
        return tree.ViewHead(named.span.cover(source.span), named.name, source, parameters or ())

    def alter(self, collection: Token, change: Any) -> tree.Command:
        """`change` is one that misses its collection."""
        named = self.name(collection)
        whole: tree.Command = replace(change, collection=named, span=named.span.cover(change.span))
        return whole

    def add_field(self, field: tree.FieldDeclaration) -> tree.AddField:
        return tree.AddField(field.span, _NOT_YET, field)

    def drop_field(self, field: tree.Name) -> tree.DropField:
        return tree.DropField(field.span, _NOT_YET, field)

    def rename_field(self, field: tree.Name, new: tree.Name) -> tree.RenameField:
        return tree.RenameField(field.span.cover(new.span), _NOT_YET, field, new)

    def retype_field(self, field: tree.Name, type_: tree.TypeExpression) -> tree.RetypeField:
        return tree.RetypeField(field.span.cover(type_.span), _NOT_YET, field, type_)

    def drop_collection(self, name: Token, and_records: bool | None) -> tree.DropCollection:
        named = self.name(name)
        return tree.DropCollection(named.span, named, bool(and_records))

    def and_records(self) -> bool:
        return True

    def drop_view(self, name: Token) -> tree.DropView:
        named = self.name(name)
        return tree.DropView(named.span, named)

    def show(self, what: Token) -> tree.Show:
        return tree.Show(self.name(what).span, str(what))

    def show_fields(self, collection: Token) -> tree.Show:
        named = self.name(collection)
        return tree.Show(named.span, "fields", named)

    def describe(self, name: Token) -> tree.Describe:
        named = self.name(name)
        return tree.Describe(named.span, named)

    def dryrun(self, writes: tree.Write | tree.Transaction) -> tree.Dryrun:
        return tree.Dryrun(writes.span, writes)

    def watch(self, source: tree.FromClause) -> tree.WatchHead:
        return tree.WatchHead(source.span, source)

    def event(self, word: Token) -> tree.Name:
        return self.name(word)

    def emission(self, *parts: Any) -> tree.EmitClause:
        *events, after = parts
        return tree.EmitClause(covering_span(parts), tuple(events), after)

    def resumption(self, after: E) -> tree.EmitClause:
        return tree.EmitClause(after.span, (), after)

    def snapshot(self, name: tree.Literal | tree.Parameter) -> tree.CreateSnapshot:
        return tree.CreateSnapshot(name.span, name)

    def verify(self, name: tree.Literal | tree.Parameter) -> tree.VerifySnapshot:
        return tree.VerifySnapshot(name.span, name)

    def resolve(self, citations: E) -> tree.ResolveCitations:
        return tree.ResolveCitations(citations.span, citations)


_NOT_YET = tree.Name(Span(0, 0), "")


def with_field_docs(node: tree.CollectionDeclaration, text: str) -> tree.CollectionDeclaration:
    """Each field with the `///` lines that stand before it, and behind the field before."""
    docs = deque(token for token in tokenize(text) if token.kind is TokenKind.DOC)
    return replace(node, fields=_documented(node.fields, docs))


def _documented(
    fields: tuple[tree.FieldDeclaration, ...], docs: deque[ScannedToken]
) -> tuple[tree.FieldDeclaration, ...]:
    """The fields with theirs, which are taken from `docs`; members of an object in their places."""
    found: list[tree.FieldDeclaration] = []
    for field in fields:
        own: list[str] = []
        while docs and docs[0].start < field.span.start:
            own.append(docs.popleft().text[3:].strip())
        type_ = replace(field.type, fields=_documented(field.type.fields, docs))
        found.append(replace(field, type=type_, doc="\n".join(own)))
    return tuple(found)


def with_declaration_texts(node: Definition, text: str) -> Definition:
    """Each parameter with its declaration as it is written, on one line."""
    tokens = without_trivia(tokenize(text))
    at = next((i for i, token in enumerate(tokens) if token.text == "("), len(tokens))
    runs: list[list[ScannedToken]] = [[]]
    depth = 0
    for token in tokens[at:]:
        depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
        if depth == 0:
            break
        if depth == 1 and token.text == ",":
            runs.append([])
        elif token is not tokens[at]:
            runs[-1].append(token)
    taken = (
        replace(each, declaration_text=format_on_one_line(run))
        for each, run in zip(node.parameters, runs, strict=False)
    )
    return replace(node, parameters=tuple(taken))
