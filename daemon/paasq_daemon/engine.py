"""Compiling a text and running its statements: text in, labelled answer out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeAlias

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import (
    CompiledRequest,
    CompiledScript,
    Compiler,
    PreparedQuery,
    PreparedWatch,
    reads_index,
)
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.index.readable_indexes import ReadableIndexes
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.request_preparation import (
    check_after,
    check_moment,
    check_watch,
    execution_inputs,
    locate_error,
    only_watch,
    refuse_missing_parameters,
    refuse_watches,
    refuse_writes,
    request_warnings,
)
from paasq_daemon.services.catalog import CatalogService
from paasq_daemon.statement_runner import StatementRunner
from paasq_daemon.watches.watch_evaluation import CompiledWatch, LocalWatchEvaluator
from paasq_daemon.wire.answer import Answer, ColumnInfo
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import PaasqError, ScriptProgress
from paasq_daemon.wire.project_modules import module_resolver
from paasq_daemon.wire.request import Request
from paasq_daemon.wire.token_estimate import estimate_tokens, json_characters
from paasq_daemon.writes.catalog_retry import retry_on_catalog_change
from paasq_dsl.binder.script import bind_script
from paasq_dsl.bound import BudgetStage
from paasq_dsl.catalog import Catalog
from paasq_dsl.source_text import SourceText
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.time_zones import DEFAULT_ZONE

_log = logging.getLogger(__name__)

Clock: TypeAlias = Callable[[], int]  # what @now is, in microseconds since 1970, UTC
_NO_STATEMENT = (ColumnInfo("statement", "keyword"),)  # the columns of an answer of nothing


def present_us() -> int:
    """The system's clock, in microseconds since 1970, UTC."""
    return time.time_ns() // 1_000


def _failure(error: Exception) -> PaasqError:
    """What a script is told of an error that is none of its own, so that it still learns how far it came."""
    _log.exception("a statement of a script failed")
    return PaasqError(f"paasq failed: {type(error).__name__}: {error}", "the log says where")


class QueryObserver(Protocol):
    """Is told of each text that is queried."""

    def compiled(self, plan_key: str) -> None:
        """Its plan is there, and about to run."""
        ...

    def answered(self, answer: Answer) -> None:
        """It has ended well."""
        ...


@dataclass(eq=False)
class Engine:
    """Compiles texts and runs them. Every method may be called from any thread; errors are PaasqErrors.

    Values are the engine's: a time is an int, microseconds since 1970 in UTC.
    """

    indexes: ReadableIndexes
    catalog: CatalogService
    compiler: Compiler
    statements: StatementRunner
    clock: Clock = present_us
    observer: QueryObserver | None = None

    def query(self, request: Request, cancel: CancellationToken | None = None) -> Answer:
        """Run every statement of a text; the answer is the last one's. Each write is durable when its statement has ended:
        where a later one fails, the error's `progress` says what was done."""
        started = time.perf_counter()
        check_moment(request)
        lookup = self._compile(request, self.catalog.current())
        if self.observer is not None:
            self.observer.compiled(lookup.plan_key)
        refuse_watches(lookup, request)
        if request.read_only:
            refuse_writes(lookup)
        check_after(lookup, request)
        refuse_missing_parameters(lookup, request)
        answer, failing = Answer(_NO_STATEMENT, []), 1
        try:
            for each in self._answers(request, lookup, cancel or CancellationToken(request.budget.time_ms)):
                answer, failing = each, failing + 1
        except Exception as error:
            if (count := len(lookup.compiled.statements)) == 1:
                raise
            known = error if isinstance(error, PaasqError) else _failure(error)
            known.progress = ScriptProgress(failing, count, answer.seq if failing > 1 else None)
            if known is error:
                raise
            raise known from error
        answer.zone = lookup.compiled.zone
        if answer.tokens is None:
            answer.tokens = estimate_tokens(answer)
        answer.elapsed_ms = (time.perf_counter() - started) * 1000
        if self.observer is not None:
            self.observer.answered(answer)
        return answer

    def watch(self, request: Request) -> LocalWatchEvaluator:
        """The rows of a text that holds one watch, and definitions. Raises InvalidValue where the request asks for what no watch
        has; what is returned raises QueryError too, and InvalidValue where the text does something else."""
        check_watch(request)
        return LocalWatchEvaluator(self.indexes, partial(self._watched, request))

    def explain(self, request: Request) -> Answer:
        """The plan of a text that is one query, as rows and as text in `plan`. Raises ReadOnly where it goes on with a write."""
        return self.query(replace(request, text=f"explain {request.text}", read_only=True))

    def check(self, text: str, modules: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """What is wrong with a text, as diagnostics in JSON; nothing is run. `modules` are texts by path."""
        script, diagnostics = parse_script(text)
        source = SourceText(text)
        bound = bind_script(script, self.catalog.current(), resolve_module=module_resolver(modules or {}))
        found = sorted((*diagnostics, *bound.diagnostics), key=lambda d: d.span.start)
        return [d.to_json(source) for d in found]

    def _compile(self, request: Request, catalog: Catalog, done: int = 0) -> CompiledRequest:
        return self.compiler.compile(request.text, catalog, request.source_name, request.modules, done, request.zone)

    def _answers(self, request: Request, lookup: CompiledRequest, cancel: CancellationToken) -> Iterator[Answer]:
        """Of one statement after another. Raises PaasqErrors."""
        now_us = self.clock() if request.now_us is None else request.now_us
        inputs, script = execution_inputs(request, lookup, cancel, now_us), lookup.compiled
        warnings = request_warnings(request, lookup, inputs)
        if warnings or script.zone != DEFAULT_ZONE:
            inputs = replace(inputs, reserved_characters=json_characters([*warnings, {"zone": script.zone}]))
        for number in script.statement_numbers:
            cancel.raise_if_cancelled()
            script, answer = retry_on_catalog_change(partial(self._statement, request, script, number, inputs))
            answer.warnings = warnings
            yield answer

    def _statement(
        self, request: Request, script: CompiledScript, number: int, inputs: ExecutionInputs
    ) -> tuple[CompiledScript, Answer]:
        """The answer of one statement, and the script as it was compiled for it: against the catalog that it runs with.

        A statement that reads runs on one view, whose catalog that is. Raises CatalogChanged where one that writes finds
        another catalog than the one it was compiled against.
        """
        if (
            number not in script.statement_numbers
        ):  # those after a change of the catalog are bound when they are reached
            script = self._compile(request, self.catalog.current(), done=number).compiled
        step = script.statement(number)
        if not reads_index(step):
            script = self._current(request, script, self.catalog.current(), number)
            return script, self._run(request, script, number, inputs)

        def attempt(view: IndexView) -> tuple[CompiledScript, Answer]:
            current = self._current(request, script, view.catalog, number)
            return current, self._run(request, current, number, replace(inputs, view=view))

        if isinstance(step, PreparedQuery) and isinstance(step.query.stages[-1], BudgetStage):
            script = self._current(request, script, self.catalog.current(), number)
            inputs = self._within_its_time(request, script, number, inputs)
        return self.indexes.run(attempt, inputs.cancellation.raise_if_cancelled)

    def _within_its_time(
        self, request: Request, script: CompiledScript, number: int, inputs: ExecutionInputs
    ) -> ExecutionInputs:
        """A query's own budget counts from before what it reads is indexed."""
        step = script.statement(number)
        if not isinstance(step, PreparedQuery):
            return inputs
        try:
            time_ms = step.plan.time_ms_max(inputs)
        except EvaluationError as error:
            raise locate_error(error, script, request) from error
        return replace(inputs, cancellation=inputs.cancellation.child(time_ms))

    def _current(self, request: Request, script: CompiledScript, catalog: Catalog, number: int) -> CompiledScript:
        """The script, compiled anew from a statement on where the catalog is another one."""
        if script.catalog_version == catalog.version:
            return script
        return self._compile(request, catalog, done=number).compiled

    def _watched(self, request: Request, view: IndexView, cancel: CancellationToken) -> CompiledWatch:
        """As the catalog of the view has it."""
        lookup = self._compile(request, view.catalog)
        step = only_watch(lookup)
        inputs = replace(execution_inputs(request, lookup, cancel, self.clock()), view=view)
        place = partial(locate_error, script=lookup.compiled, request=request)
        return CompiledWatch(step.statement, step.plan, inputs, place)

    def _run(self, request: Request, script: CompiledScript, number: int, inputs: ExecutionInputs) -> Answer:
        try:
            step = script.statement(number)
            if isinstance(step, PreparedQuery):
                return step.plan.execute(inputs)
            assert not isinstance(step, PreparedWatch)
            return self.statements.run(step, inputs, script.catalog_version)
        except EvaluationError as error:
            raise locate_error(error, script, request) from error
