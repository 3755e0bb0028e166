"""Lark's reductions of the statements in tree_commands.py, and the docs of fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

from lark import Token, v_args

from paasq_dsl.source import Span
from paasq_dsl.syntax import tree, tree_writes
from paasq_dsl.syntax import tree_commands as commands
from paasq_dsl.syntax.build_expressions import E, plain_name, span_of
from paasq_dsl.syntax.build_statements import StatementBuilder
from paasq_dsl.syntax.spacing import one_line
from paasq_dsl.syntax.split import significant
from paasq_dsl.syntax.tokens import Token as ScannedToken
from paasq_dsl.syntax.tokens import TokenKind, scan

Defining: TypeAlias = tree.LetHead | commands.ViewHead | commands.FunctionDeclaration


@v_args(inline=True)
class CommandBuilder(StatementBuilder):  # pyright: ignore[reportGeneralTypeIssues]  # v_args has no types
    """All rules of the grammar."""

    def fn(
        self, name: Token, parameters: tuple[tree.Taken, ...] | None, result: tree.TypeName, body: E
    ) -> commands.FunctionDeclaration:
        named = self.name(name)
        return commands.FunctionDeclaration(named.span.cover(body.span), named.name, parameters or (), result, body)

    def takes(self, *taken: tree.Taken) -> tuple[tree.Taken, ...]:
        return taken

    def taken(self, name: Token, type_: tree.TypeName, default: E | None) -> tree.Taken:
        return tree.Taken(span_of(name), plain_name(name), type_, default)

    def use(self, path: tree.Literal, alias: Token) -> commands.Use:
        named = self.name(alias)
        return commands.Use(path.span.cover(named.span), str(path.value), path.span, named.name)

    def zone(self, name: tree.Literal) -> commands.Zone:
        return commands.Zone(name.span, str(name.value))

    def view(self, name: Token, parameters: tuple[tree.Taken, ...] | None, source: tree.From) -> commands.ViewHead:
        named = self.name(name)
        return commands.ViewHead(named.span.cover(source.span), named.name, source, parameters or ())

    def alter(self, collection: Token, change: Any) -> tree.Command:
        """`change` is one that misses its collection."""
        named = self.name(collection)
        whole: tree.Command = replace(change, collection=named, span=named.span.cover(change.span))
        return whole

    def add_field(self, field: tree.FieldDeclaration) -> commands.AddField:
        return commands.AddField(field.span, _NOT_YET, field)

    def drop_field(self, field: Token) -> commands.DropField:
        named = self.name(field)
        return commands.DropField(named.span, _NOT_YET, named)

    def rename_field(self, field: Token, new: Token) -> commands.RenameField:
        one, other = self.name(field), self.name(new)
        return commands.RenameField(one.span.cover(other.span), _NOT_YET, one, other)

    def retype_field(self, field: Token, type_: tree.TypeName) -> commands.RetypeField:
        named = self.name(field)
        return commands.RetypeField(named.span.cover(type_.span), _NOT_YET, named, type_)

    def drop_collection(self, name: Token, and_records: bool | None) -> commands.DropCollection:
        named = self.name(name)
        return commands.DropCollection(named.span, named, bool(and_records))

    def and_records(self) -> bool:
        return True

    def drop_view(self, name: Token) -> commands.DropView:
        named = self.name(name)
        return commands.DropView(named.span, named)

    def show(self, what: Token) -> commands.Show:
        return commands.Show(self.name(what).span, str(what))

    def show_fields(self, collection: Token) -> commands.Show:
        named = self.name(collection)
        return commands.Show(named.span, "fields", named)

    def describe(self, name: Token) -> commands.Describe:
        named = self.name(name)
        return commands.Describe(named.span, named)

    def dryrun(self, writes: tree_writes.Write | tree_writes.Transaction) -> commands.Dryrun:
        return commands.Dryrun(writes.span, writes)

    def snapshot(self, name: tree.Literal | tree.Parameter) -> commands.TakeSnapshot:
        return commands.TakeSnapshot(name.span, name)

    def verify(self, name: tree.Literal | tree.Parameter) -> commands.VerifySnapshot:
        return commands.VerifySnapshot(name.span, name)

    def resolve(self, citations: E) -> commands.Resolve:
        return commands.Resolve(citations.span, citations)


_NOT_YET = tree.Name(Span(0, 0), "")


def with_field_docs(node: tree.CollectionDeclaration, text: str) -> tree.CollectionDeclaration:
    """Each field with the `///` lines that stand before it, and behind the field before."""
    docs = [token for token in scan(text) if token.kind is TokenKind.DOC]
    fields: list[tree.FieldDeclaration] = []
    earlier = 0
    for field in node.fields:
        own = [d.text[3:].strip() for d in docs if earlier <= d.start < field.span.start]
        fields.append(replace(field, doc="\n".join(own)))
        earlier = field.span.start
    return replace(node, fields=tuple(fields))


def with_signature(node: Defining, text: str) -> Defining:
    """Each parameter with its declaration as it is written, on one line."""
    tokens = significant(scan(text))
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
    taken = (replace(each, written=one_line(run)) for each, run in zip(node.parameters, runs, strict=False))
    return replace(node, parameters=tuple(taken))
