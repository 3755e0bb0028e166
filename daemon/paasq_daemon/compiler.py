"""A text to statements ready to run, once for all texts of one canonical form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from paasq_daemon.backends.base import Backend, Prepared
from paasq_daemon.plan.cache import PlanCache
from paasq_daemon.wire.errors import QueryError
from paasq_dsl.binder.bind import bind
from paasq_dsl.bound import (
    BoundCollection,
    BoundDelete,
    BoundLet,
    BoundPatch,
    BoundQuery,
    BoundStatement,
    BoundTransaction,
    BoundWrite,
    DeclaredParameter,
)  # fmt: skip
from paasq_dsl.catalog import Catalog
from paasq_dsl.diagnostics import Diagnostic, has_errors
from paasq_dsl.source import Source
from paasq_dsl.syntax.canonical import Canonical, canonical
from paasq_dsl.syntax.parse import parse


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    query: BoundQuery
    plan: Prepared


@dataclass(frozen=True, slots=True)
class PreparedWrite:
    """A write, and the plan that chooses its rows where a where does."""

    write: BoundWrite
    chooser: Prepared | None


@dataclass(frozen=True, slots=True)
class PreparedTransaction:
    writes: tuple[PreparedWrite, ...]


_EXPLAIN = re.compile(r"^explain (analyze )?")

Step: TypeAlias = "PreparedQuery | PreparedTransaction | BoundCollection"


@dataclass(frozen=True)
class Compiled:
    """A text without errors. `text` is the one it was compiled from, `steps` what there is to run."""

    text: str
    steps: tuple[Step, ...]
    parameters: Mapping[str, DeclaredParameter]

    @property
    def changes_catalog(self) -> bool:
        """Must what follows a declaration be compiled anew behind it?"""
        return any(isinstance(step, BoundCollection) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A compiled text, the key of its plan, and whether the plan was there. For an explain both are the explained query's."""

    compiled: Compiled
    canonical: Canonical
    plan_key: str
    hit: bool


class Compiler:
    """Keyed by canonical text and catalog version; parameters are no part of the key, for they never change the parse."""

    def __init__(self, backend: Backend) -> None:
        self.cache: PlanCache[Compiled] = PlanCache()
        self._backend = backend

    def compile(self, text: str, catalog: Catalog, source_name: str) -> Lookup:
        """Raises QueryError with every diagnostic where the text has an error."""
        key = canonical(text)
        plan_key = _EXPLAIN.sub("", key.key)
        hit = (plan_key, catalog.version) in self.cache
        found = self.cache.get((key.key, catalog.version))
        if found is not None:
            return Lookup(found, key, plan_key, hit)
        script, diagnostics = parse(text)
        bound = bind(script, catalog, key.slots)
        every = (*diagnostics, *bound.diagnostics)
        if has_errors(every):
            raise query_error(every, Source(text, source_name))
        steps = tuple(
            self._step(s) for s in bound.statements if not isinstance(s, (BoundLet, DeclaredParameter, type(None)))
        )
        compiled = Compiled(text, steps, bound.parameters)
        if not compiled.changes_catalog:
            self.cache.put((key.key, catalog.version), compiled)
        return Lookup(compiled, key, plan_key, hit)

    def _step(self, statement: BoundStatement) -> Step:
        if isinstance(statement, BoundQuery):
            # a collection that this very text declares has no id yet: its queries are compiled again behind it
            return PreparedQuery(statement, self._backend.prepare(statement))
        if isinstance(statement, BoundTransaction):
            return PreparedTransaction(tuple(PreparedWrite(w, self._chooser(w)) for w in statement.writes))
        assert isinstance(statement, BoundCollection)
        return statement

    def _chooser(self, write: BoundWrite) -> Prepared | None:
        query = write.query if isinstance(write, (BoundPatch, BoundDelete)) else None
        return None if query is None else self._backend.prepare(query)


def query_error(diagnostics: tuple[Diagnostic, ...], source: Source) -> QueryError:
    """One error for all diagnostics of a text, in the order of the text."""
    ordered = sorted(diagnostics, key=lambda d: d.span.start)
    first = ordered[0].to_json(source)
    message = f"{source.name}:{first['line']}:{first['column']}: {first['message']}"
    if len(ordered) > 1:
        message += f" (and {len(ordered) - 1} more)"
    return QueryError(message, [d.to_json(source) for d in ordered])
