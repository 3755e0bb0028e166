"""Checking a text again and again while it is written: what is bound once is not bound again.

What binding says of a statement depends on its text, on the names that it asked its environment for, and on nothing else.
So an outcome is remembered by the text of the statement, with what each of these names meant, and holds wherever they mean
the same. `parse` and `bind` of the whole text say the same; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from paasq_dsl.binder.context import Environment
from paasq_dsl.binder.dependency_tracker import TrackedModules, TrackedNames, resolve_or_error
from paasq_dsl.binder.script import bind_statement, zone_diagnostics
from paasq_dsl.binder.watch import unreachable_statements
from paasq_dsl.catalog import Catalog
from paasq_dsl.diagnostics import Diagnostic, make_diagnostic
from paasq_dsl.modules import NO_MODULES, Module, ModuleResolver, ModuleUnavailable
from paasq_dsl.source_text import DUMMY_SPAN
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.parser import DIAGNOSTICS_MAX, TEXT_CHARACTERS_MAX, parse_statements
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.syntax.text_cache import TextCache

CACHED_OUTCOMES_MAX = 4  # of one statement: the same text may occur in a script more than once

_KINDS = ("collections", "stored views", "lets", "views", "parameters", "functions", "unclear")
_Names = dict[str, dict[str, Any]]  # kind -> name -> what it means


class _Asked(NamedTuple):
    kind: str
    name: str
    meaning: Any  # None where there was nothing of that name


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What binding one statement gave, spans counted from its own start, and everything that it depended on."""

    asked: tuple[_Asked, ...]
    listed: tuple[tuple[str, tuple[str, ...]], ...]
    modules: tuple[tuple[tuple[str, str | None], Module | ModuleUnavailable], ...]
    diagnostics: tuple[Diagnostic, ...]
    declared: tuple[_Asked, ...]  # None is what it takes away

    def holds(self, names: _Names, resolve: ModuleResolver) -> bool:
        for kind, name, meaning in self.asked:
            now = names[kind].get(name)
            if now is not meaning and now != meaning:
                return False
        return all(tuple(names[kind]) == listed for kind, listed in self.listed) and all(
            resolve_or_error(resolve, *question) == found for question, found in self.modules
        )


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`diagnostics` in the order of the text; `environment` is the one after its last statement."""

    diagnostics: tuple[Diagnostic, ...]
    environment: Environment


class IncrementalChecker:
    """Of texts that are mostly what they were: those of an editor. Not for two threads at once."""

    def __init__(self) -> None:
        self._outcomes: TextCache[tuple[_Outcome, ...]] = TextCache()
        self._before: _Names = {kind: {} for kind in _KINDS}  # the definitions after the text that was last checked

    def check(self, text: str, catalog: Catalog, resolve: ModuleResolver = NO_MODULES) -> CheckResult:
        """All that is wrong with a text. Never raises."""
        if len(text) > TEXT_CHARACTERS_MAX:
            return CheckResult((make_diagnostic("PQ0118", DUMMY_SPAN, most=TEXT_CHARACTERS_MAX),), Environment(catalog))
        names: _Names = {kind: {} for kind in _KINDS}
        names["collections"], names["stored views"] = dict(catalog.collections), dict(catalog.views)
        found: list[Diagnostic] = []
        parsed: list[tuple[tree.Statement, int]] = []
        for start, written, (statement, wrong) in parse_statements(ScannedText(text)):
            found += [d.shift(start) for d in wrong]
            if statement is not None:
                outcome = self._outcome(written, statement, names, resolve)
                found += [d.shift(start) for d in outcome.diagnostics]
                _declare(outcome, names)
                parsed.append((statement, start))
        found += zone_diagnostics(parsed)
        found += [make_diagnostic("PQ0623", span) for span in unreachable_statements(parsed)]
        found.sort(key=lambda d: (d.span.start, d.code))
        self._before = names
        return CheckResult(tuple(found[:DIAGNOSTICS_MAX]), _environment(names))

    def _outcome(self, written: str, statement: tree.Statement, names: _Names, resolve: ModuleResolver) -> _Outcome:
        known = self._outcomes.get(written) or ()
        for outcome in known:
            if outcome.holds(names, resolve):
                return outcome
        fresh = _bound(statement, names, resolve)
        fresh = replace(fresh, declared=tuple(self._same(each) for each in fresh.declared))
        self._outcomes.put(written, (fresh, *known[: CACHED_OUTCOMES_MAX - 1]))
        return fresh

    def _same(self, declared: _Asked) -> _Asked:
        """The object of the last check where it is equal, so that dependents compare by identity."""
        before = self._before[declared.kind].get(declared.name)
        return declared if before is None or before != declared.meaning else declared._replace(meaning=before)


def _bound(statement: tree.Statement, names: _Names, resolve: ModuleResolver) -> _Outcome:
    """A statement bound where `names` are known, with what it asks of them."""
    questioned = {kind: TrackedNames(known) for kind, known in names.items()}
    modules = TrackedModules(resolve)
    environment = _environment(questioned)
    given = environment.catalog
    diagnostics = bind_statement(statement, environment, modules)
    declared = [_Asked(kind, *item) for kind, each in questioned.items() for item in each.declared.items()]
    if environment.catalog is not given:
        declared += _changes("collections", names["collections"], environment.catalog.collections)
        declared += _changes("stored views", names["stored views"], environment.catalog.views)
    return _Outcome(
        tuple(_Asked(kind, *item) for kind, each in questioned.items() for item in each.reads.items()),
        tuple((kind, each.enumerated) for kind, each in questioned.items() if each.enumerated is not None),
        tuple(modules.reads.items()),
        diagnostics,
        tuple(declared),
    )


def _environment(names: Mapping[str, Any]) -> Environment:
    catalog = Catalog(collections=names["collections"], views=names["stored views"])
    rest = (names[kind] for kind in _KINDS[2:])
    return Environment(catalog, *rest)


def _changes(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[_Asked]:
    gone = [_Asked(kind, name, None) for name in before if name not in after]
    return gone + [_Asked(kind, name, now) for name, now in after.items() if before.get(name) is not now]


def _declare(outcome: _Outcome, names: _Names) -> None:
    for kind, name, meaning in outcome.declared:
        if meaning is None:
            del names[kind][name]
        else:
            names[kind][name] = meaning
