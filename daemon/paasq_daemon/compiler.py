"""A text to statements ready to run, once for all texts of one canonical form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cached_property
from typing import TypeAlias

from paasq_daemon.backends.backend import Backend, ExecutablePlan, check_capabilities
from paasq_daemon.plan.cache import PlanCache
from paasq_daemon.wire.errors import QueryError
from paasq_daemon.wire.project_modules import module_resolver
from paasq_dsl.binder.script import bind_script
from paasq_dsl.binder.value_checks import ValueCheck
from paasq_dsl.bound import (
    BoundCommand,
    BoundCreateCollection,
    BoundCreateView,
    BoundDryrun,
    BoundForget,
    BoundForgetPreview,
    BoundLet,
    BoundParameter,
    BoundPatch,
    BoundPut,
    BoundQuery,
    BoundStatement,
    BoundTransaction,
    BoundWatch,
    BoundWrite,
    ParameterRef,
)
from paasq_dsl.catalog import Catalog
from paasq_dsl.diagnostics import Diagnostic, Severity, has_errors
from paasq_dsl.schema.script import pipeline_text
from paasq_dsl.source_text import SourceText
from paasq_dsl.syntax.free_parameters import free_parameters
from paasq_dsl.syntax.normalization import NormalizedText, normalize
from paasq_dsl.syntax.parser import parse_scanned
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.syntax.text_cache import TextCache
from paasq_dsl.time_zones import DEFAULT_ZONE, find_zone
from paasq_dsl.values import Value

_NO_MODULES: Mapping[str, str] = {}


@dataclass(frozen=True)
class PreparedQuery:
    """A query and its executable plan, which is made when it is first asked for: one after a change of the catalog is
    compiled again before it runs."""

    query: BoundQuery
    backend: Backend

    @cached_property
    def plan(self) -> ExecutablePlan:
        """What the backend makes of the query."""
        return self.backend.prepare(self.query)


@dataclass(frozen=True, slots=True)
class PreparedWrite:
    """A write, and the query that chooses its rows, or gives those that are put."""

    write: BoundWrite
    source: PreparedQuery | None


@dataclass(frozen=True, slots=True)
class PreparedTransaction:
    """Writes in the order of their text: all of them are done, or none."""

    writes: tuple[PreparedWrite, ...]


_EXPLAIN = re.compile(r"^explain (analyze )?")


@dataclass(frozen=True, slots=True)
class PreparedDryrun:
    """A transaction whose changes are shown and rolled back."""

    transaction: PreparedTransaction


@dataclass(frozen=True, slots=True)
class PreparedForget:
    """A forget, or with `dryrun` what it would erase, and the query that chooses its records."""

    forget: BoundForget
    source: PreparedQuery | None
    dryrun: bool


@dataclass(frozen=True, slots=True)
class PreparedWatch:
    """A watch and the executable plan of its query."""

    statement: BoundWatch
    plan: ExecutablePlan


PreparedStatement: TypeAlias = (
    PreparedQuery
    | PreparedTransaction
    | PreparedDryrun
    | PreparedForget
    | PreparedWatch
    | BoundCreateCollection
    | BoundCommand
)


@dataclass(frozen=True)
class CompiledScript:
    """A text without errors. `source` is the text it was compiled from, `statements` what there is to run,
    `statement_numbers` which statement of the text each is, from 0; `parameters` are those that are declared,
    `free_parameters` the names of all."""

    source: ScannedText
    statements: tuple[PreparedStatement, ...]
    parameters: Mapping[str, BoundParameter]
    statement_numbers: tuple[int, ...]
    free_parameters: frozenset[str]
    zone: str  # the time zone that it is read in
    catalog_version: int  # of the catalog that it was compiled against
    warnings: tuple[Diagnostic, ...]
    value_checks: tuple[ValueCheck, ...]  # what may warn of the values that it runs with

    def statement(self, number: int) -> PreparedStatement:
        """The one at this place in the text, from 0."""
        return self.statements[self.statement_numbers.index(number)]


def reads_index(step: PreparedStatement) -> bool:
    """Does it run on a view of the indexes? A write opens the views that it needs by itself."""
    return isinstance(step, PreparedQuery) or (isinstance(step, BoundCommand) and step.reads_index)


def changes_catalog(step: PreparedStatement) -> bool:
    """Must what follows it be compiled again after it?"""
    return isinstance(step, BoundCreateCollection) or (isinstance(step, BoundCommand) and step.changes_catalog)


def mutating_keyword(step: PreparedStatement) -> str | None:
    """What a statement that writes is called; None of one that only reads."""
    if isinstance(step, PreparedTransaction):
        words = {write_word(prepared.write) for prepared in step.writes}
        return words.pop() if len(words) == 1 else "tx"
    if isinstance(step, PreparedForget):
        return None if step.dryrun else step.forget.keyword
    if isinstance(step, BoundCommand):
        return step.keyword if step.writes else None
    return "collection" if isinstance(step, BoundCreateCollection) else None


def write_word(write: BoundWrite) -> str:
    """The word that it begins with."""
    if isinstance(write, BoundPatch):
        return "put" if write.upsert else "patch"
    return "put" if isinstance(write, BoundPut) else "delete"


@dataclass(frozen=True, slots=True)
class CompiledRequest:
    """A compiled text, the values of its literals, the key of its plan, and whether the plan was there. For an explain both
    are the explained query's."""

    compiled: CompiledScript
    canonical: NormalizedText
    literals: tuple[Value, ...]
    plan_key: str
    cache_hit: bool


class Compiler:
    """Keyed by normalized text, time zone and catalog version; parameters are no part of the key, for they never change the
    parse."""

    def __init__(self, backend: Backend) -> None:
        self.cache: PlanCache[CompiledScript] = PlanCache()
        self._canonical: TextCache[NormalizedText] = TextCache()
        self.backend = backend

    def compile(
        self, text: str, catalog: Catalog, source_name: str, modules: Mapping[str, str] = _NO_MODULES, statements_done: int = 0,
        zone: str = DEFAULT_ZONE,
    ) -> CompiledRequest:  # fmt: skip
        """Raises QueryError with every diagnostic where the text has an error. `modules` are texts by path; the first
        `statements_done` statements have run and are left out. `zone` is the time zone of a text that names none."""
        key = self._canonical_of(text)
        plan_key = _EXPLAIN.sub("", key.key)
        world = (catalog.version, tuple(sorted(modules.items())), statements_done, zone)
        hit = (plan_key, *world) in self.cache
        found = self.cache.get((key.key, *world))
        if found is not None:
            return _lookup(found, key, plan_key, hit=hit)
        script, diagnostics = parse_scanned(key.source)
        bound = bind_script(
            script,
            catalog,
            key.literal_slots,
            resolve_module=module_resolver(modules),
            executed_count=statements_done,
            zone=zone,
        )
        diagnosed = (*diagnostics, *bound.diagnostics)
        if has_errors(diagnosed):
            warned = value_warnings(bound.value_checks, key.literals, {})
            raise query_error((*diagnosed, *warned), SourceText(text, source_name))
        todo = [
            (i, s) for i, s in enumerate(bound.statements) if not isinstance(s, (BoundLet, BoundParameter, type(None)))
        ]
        steps = tuple(self._steps([statement for _, statement in todo], text))
        asked = free_parameters(key.source) | frozenset(bound.parameters)
        compiled = CompiledScript(
            key.source, steps, bound.parameters, tuple(i for i, _ in todo), asked, bound.zone, catalog.version,
            diagnosed, bound.value_checks,
        )  # fmt: skip
        if not any(changes_catalog(step) for step in steps):
            self.cache.put((key.key, *world), compiled)
        return _lookup(compiled, key, plan_key, hit=hit)

    def drop_texts(self) -> None:
        """Keep no text of former requests, nor what was made of it."""
        self.cache.clear()
        self._canonical.clear()

    def _canonical_of(self, text: str) -> NormalizedText:
        """Remembered, since a text whose values are parameters comes again as it is."""
        known = self._canonical.get(text)
        if known is None:
            known = normalize(ScannedText(text))
            self._canonical.put(text, known)
        return known

    def _steps(self, statements: Sequence[BoundStatement], text: str) -> Iterator[PreparedStatement]:
        """Plans are made up to the first change of the catalog: a script of n such changes would else make n squared."""
        catalog_stays = True
        for statement in statements:
            step = self._step(statement, text)
            for query in _queries(step):
                if catalog_stays:
                    _ = query.plan
                else:
                    check_capabilities(self.backend, query.query)
            catalog_stays = catalog_stays and not changes_catalog(step)
            yield step

    def _step(self, statement: BoundStatement, text: str) -> PreparedStatement:
        if isinstance(statement, BoundQuery):
            return PreparedQuery(statement, self.backend)
        if isinstance(statement, BoundTransaction):
            return self._transaction(statement)
        if isinstance(statement, BoundDryrun):
            return PreparedDryrun(self._transaction(statement.transaction))
        if isinstance(statement, BoundForget):
            return PreparedForget(statement, self._source(statement), dryrun=False)
        if isinstance(statement, BoundForgetPreview):
            return PreparedForget(statement.forget, self._source(statement.forget), dryrun=True)
        if isinstance(statement, BoundWatch):
            return PreparedWatch(statement, self.backend.prepare(statement.query))
        if isinstance(statement, BoundCreateView):
            span = statement.pipeline_span
            definition = pipeline_text(text[span.start : span.end])
            return replace(statement, view=replace(statement.view, definition=definition))
        assert isinstance(statement, (BoundCreateCollection, BoundCommand))
        return statement

    def _transaction(self, transaction: BoundTransaction) -> PreparedTransaction:
        return PreparedTransaction(tuple(PreparedWrite(w, self._source(w)) for w in transaction.writes))

    def _source(self, write: BoundWrite | BoundForget) -> PreparedQuery | None:
        return None if write.query is None else PreparedQuery(write.query, self.backend)


def value_warnings(
    checks: Iterable[ValueCheck], literals: Sequence[object], parameters: Mapping[str, object]
) -> Iterator[Diagnostic]:
    """What the values of literals, by slot, and of parameters are warned of."""
    for each in checks:
        source = each.source
        value = parameters.get(source.name) if isinstance(source, ParameterRef) else literals[source.slot]
        if isinstance(value, str):
            yield from each.check(value, source.span)


def _queries(step: PreparedStatement) -> Iterator[PreparedQuery]:
    """Those that a statement runs; a watch has its plan already."""
    if isinstance(step, PreparedQuery):
        yield step
    elif isinstance(step, PreparedDryrun):
        yield from _queries(step.transaction)
    elif isinstance(step, PreparedForget):
        if step.source is not None:
            yield step.source
    elif isinstance(step, PreparedTransaction):
        yield from (prepared.source for prepared in step.writes if prepared.source is not None)


def _lookup(compiled: CompiledScript, key: NormalizedText, plan_key: str, *, hit: bool) -> CompiledRequest:
    return CompiledRequest(compiled, key, key.literal_values(find_zone(compiled.zone) or UTC), plan_key, hit)


def query_error(diagnostics: tuple[Diagnostic, ...], source: SourceText) -> QueryError:
    """One error for all diagnostics of a text, in the order of the text; its message is that of the first that is one."""
    ordered = sorted(diagnostics, key=lambda d: d.span.start)
    first = next(d for d in ordered if d.severity is Severity.ERROR).to_json(source)
    message = f"{source.name}:{first['line']}:{first['column']}: {first['message']}"
    if len(ordered) > 1:
        message += f" (and {len(ordered) - 1} more)"
    return QueryError(message, [d.to_json(source) for d in ordered])
