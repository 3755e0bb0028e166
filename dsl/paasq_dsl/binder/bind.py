"""A script to bound statements: the binder's entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.binder.schemas import bind_collection, bind_type
from paasq_dsl.binder.writes import bind_transaction, bind_write
from paasq_dsl.bound import (
    BoundLet,
    BoundQuery,
    BoundStage,
    BoundStatement,
    BoundTransaction,
    DeclaredParameter,
    ScanStage,
    Schema,
)  # fmt: skip
from paasq_dsl.bound_retrieval import BudgetStage
from paasq_dsl.catalog import Catalog
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.source import Span
from paasq_dsl.syntax import tree
from paasq_dsl.verbs import VERB_OF_NODE, VERB_OF_WORD
from paasq_dsl.verbs.follow import scan_schema

NO_COLUMNS = Schema((), open=True)


@dataclass(frozen=True)
class Bind:
    """What binding gave. `statements` stand beside the script's, None where one is broken. `schemas` says which columns
    there are before each stage (its span, absolute), for completion and hover; `catalog` includes what the script declares."""

    statements: tuple[BoundStatement | None, ...]
    diagnostics: tuple[Diagnostic, ...]
    schemas: tuple[tuple[Span, Schema], ...]
    catalog: Catalog
    parameters: Mapping[str, DeclaredParameter]


def bind(script: tree.Script, catalog: Catalog, slots: Mapping[int, int] | None = None) -> Bind:
    """Never raises on a tree that parse gave. `slots`: absolute start of a literal -> its number (see plan keys)."""
    return _Binder(catalog, slots or {}).run(script)


class _Binder:
    def __init__(self, catalog: Catalog, slots: Mapping[int, int]) -> None:
        self.context = Context(catalog, self._stage, self._source, slots)
        self.schemas: list[tuple[Span, Schema]] = []

    def run(self, script: tree.Script) -> Bind:
        statements = tuple(self._statement(s) for s in script.statements)
        found = tuple(sorted(self.context.diagnostics, key=lambda d: (d.span.start, d.code)))
        return Bind(statements, found, tuple(self.schemas), self.context.catalog, self.context.parameters)

    def _statement(self, statement: tree.Statement) -> BoundStatement | None:
        context, head = self.context, statement.head
        context.offset = statement.offset
        match head:
            case tree.QueryHead():
                return BoundQuery(self._pipeline(head.source, statement), head.explain, statement.span)
            case tree.LetHead():
                return self._let(head, statement)
            case tree.ParameterDeclaration():
                return self._parameter(head, statement)
            case tree.CollectionDeclaration():
                return bind_collection(context, head, statement.doc)
            case tree.Transaction():
                return BoundTransaction(bind_transaction(context, head), statement.span)
            case tree.Put() | tree.Patch() | tree.Delete():
                write = bind_write(context, head)
                return BoundTransaction((write,), statement.span) if write else None
            case tree.Broken():
                # what stands behind a broken head is still read, so that its own faults show
                self._stages(ScanStage(NO_COLUMNS), statement=statement)
                return None

    def _pipeline(self, source: tree.From, statement: tree.Statement) -> tuple[BoundStage, ...]:
        return self._stages(*self._source(source), statement=statement)

    def _source(self, source: tree.From) -> tuple[BoundStage, ...]:
        if (stages := self.context.lets.get(source.name)) is not None:
            return stages
        collection = self.context.collection(source.name, source.name_span)
        return (ScanStage(scan_schema(collection) if collection else NO_COLUMNS),)

    def _stages(self, *source: BoundStage, statement: tree.Statement) -> tuple[BoundStage, ...]:
        stages = list(source)
        for placed in statement.stages:
            self.context.offset = placed.offset
            schema = stages[-1].schema
            node = placed.node
            if isinstance(stages[-1], BudgetStage):
                what = "budget bounds the answer, so nothing may stand behind it"
                self.context.report("PQ0407", node.span, what=what)
            self.schemas.append((node.span.shift(placed.offset), schema))
            if isinstance(node, tree.Broken):
                verb = VERB_OF_WORD.get(node.word)
                bound = None
            else:
                verb = VERB_OF_NODE[type(node)]
                bound = self._stage(node, schema)
            if bound is not None:
                stages.append(bound)
            elif verb is None or verb.makes_columns:
                stages[-1] = replace(stages[-1], schema=replace(schema, open=True))
        self.schemas.append((Span(statement.span.end, statement.span.end), stages[-1].schema))
        return tuple(stages)

    def _stage(self, node: tree.Stage, schema: Schema) -> BoundStage | None:
        return VERB_OF_NODE[type(node)].bind(self.context, node, schema)

    def _let(self, head: tree.LetHead, statement: tree.Statement) -> BoundLet:
        if head.name in self.context.lets or head.name in self.context.catalog.collections:
            self.context.report("PQ0207", Span(head.span.start, head.span.start + len(head.name)), name=head.name)
        stages = self._pipeline(head.source, statement)
        self.context.lets[head.name] = stages
        return BoundLet(head.name, BoundQuery(stages, None, statement.span), statement.doc)

    def _parameter(self, head: tree.ParameterDeclaration, statement: tree.Statement) -> DeclaredParameter:
        type_ = bind_type(self.context, head.type)
        if head.name in self.context.parameters:
            self.context.report("PQ0206", head.span, name=head.name)
        default = (
            bind_scalar(self.context, head.default, type_, f"the default of ${head.name}") if head.default else None
        )
        declared = DeclaredParameter(head.name, type_, default, statement.doc)
        self.context.parameters[head.name] = declared
        return declared
