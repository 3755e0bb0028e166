"""Lark's reductions of the statements in tree_commands.py, and the docs of fields."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any, TypeAlias

from lark import Token, v_args

from paasq_dsl.source import Span
from paasq_dsl.syntax import tree, tree_writes
from paasq_dsl.syntax import tree_commands as commands
from paasq_dsl.syntax.build_expressions import E, around, plain_name, span_of
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

    def drop_field(self, field: tree.Name) -> commands.DropField:
        return commands.DropField(field.span, _NOT_YET, field)

    def rename_field(self, field: tree.Name, new: tree.Name) -> commands.RenameField:
        return commands.RenameField(field.span.cover(new.span), _NOT_YET, field, new)

    def retype_field(self, field: tree.Name, type_: tree.TypeName) -> commands.RetypeField:
        return commands.RetypeField(field.span.cover(type_.span), _NOT_YET, field, type_)

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

    def watch(self, source: tree.From) -> commands.WatchHead:
        return commands.WatchHead(source.span, source)

    def event(self, word: Token) -> tree.Name:
        return self.name(word)

    def emission(self, *parts: Any) -> tree.Emission:
        *events, after = parts
        return tree.Emission(around(parts), tuple(events), after)

    def resumption(self, after: E) -> tree.Emission:
        return tree.Emission(after.span, (), after)

    def snapshot(self, name: tree.Literal | tree.Parameter) -> commands.TakeSnapshot:
        return commands.TakeSnapshot(name.span, name)

    def verify(self, name: tree.Literal | tree.Parameter) -> commands.VerifySnapshot:
        return commands.VerifySnapshot(name.span, name)

    def resolve(self, citations: E) -> commands.Resolve:
        return commands.Resolve(citations.span, citations)


_NOT_YET = tree.Name(Span(0, 0), "")


def with_field_docs(node: tree.CollectionDeclaration, text: str) -> tree.CollectionDeclaration:
    """Each field with the `///` lines that stand before it, and behind the field before."""
    docs = deque(token for token in scan(text) if token.kind is TokenKind.DOC)
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
