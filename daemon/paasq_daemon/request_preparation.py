"""What a request may ask, and what its text runs with: read only, time zone, moment and parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import (
    CompiledRequest,
    CompiledScript,
    PreparedQuery,
    PreparedWatch,
    mutating_keyword,
    query_error,
    value_warnings,
)
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import InvalidValue, QueryError, ReadOnly
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.wire.value_codecs import encode
from paasq_daemon.writes.apply import constant_context
from paasq_dsl.binder.value_checks import ValueCheck
from paasq_dsl.bound import PageStage
from paasq_dsl.diagnostics import make_diagnostic
from paasq_dsl.source_text import SourceText, Span
from paasq_dsl.syntax.free_parameters import missing_parameters
from paasq_dsl.syntax.normalization import remap_span
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.time_zones import find_zone, similar_zones
from paasq_dsl.values import is_time


def check_watch(request: Request) -> None:
    """Raises InvalidValue where a request asks for what no watch has: a budget, a moment, a zone that is none."""
    if request.budget != Budget():
        raise InvalidValue("a watch takes no budget", "bound its rows with take")
    if request.after is not None:
        raise InvalidValue("a watch takes no cursor beside its text", "write it there: watch from ... after $cursor")
    if request.now_us is not None:
        raise InvalidValue("a watch goes with the clock, so it takes no now", "leave now out")
    check_moment(request)


def only_watch(lookup: CompiledRequest) -> PreparedWatch:
    """The watch of a text that holds one, and definitions. Raises InvalidValue where it does something else."""
    first = next((step for step in lookup.compiled.statements if isinstance(step, PreparedWatch)), None)
    if first is None or len(lookup.compiled.statements) > 1:
        raise InvalidValue(
            "a text that asks for a watch holds one, after its definitions, and nothing else",
            "watch from ...; other statements are run by a query before it",
        )
    return first


def refuse_watches(lookup: CompiledRequest, request: Request) -> None:
    """Raises QueryError where there is one: it has no answer."""
    for step in lookup.compiled.statements:
        if isinstance(step, PreparedWatch):
            span = remap_span(step.statement.span, lookup.compiled.source, lookup.canonical.source)
            found = make_diagnostic("PQ0625", span)
            raise query_error((found,), SourceText(request.text, request.source_name))


def refuse_writes(lookup: CompiledRequest) -> None:
    """Raises ReadOnly, naming the first statement that writes."""
    for step in lookup.compiled.statements:
        if word := mutating_keyword(step):
            raise ReadOnly(f"{word} writes, and this request may only read", "ask with leave to write, or use dryrun")


def check_after(lookup: CompiledRequest, request: Request) -> None:
    """Raises InvalidValue where a request goes on after a cursor, and its text is no query that the request could page."""
    if request.after is None:
        return
    steps = lookup.compiled.statements
    if len(steps) != 1 or not isinstance(steps[0], PreparedQuery) or steps[0].query.explain:
        raise InvalidValue("only the rows of one query go on after a cursor", "ask for them in a text of its own")
    if any(isinstance(stage, PageStage) for stage in steps[0].query.stages):
        raise InvalidValue(
            "this text has pages of its own, and the request goes on after a cursor",
            "give the cursor to its page, `page 50 after $cursor`, or leave the page out",
        )


def refuse_missing_parameters(lookup: CompiledRequest, request: Request) -> None:
    """Raises QueryError where a text of several statements uses parameters that were not given, which the statement that uses
    them would find when those before it are done."""
    if len(lookup.compiled.statements) < 2:
        return
    missing = missing_parameters(ScannedText(request.text), request.params)
    if missing:
        found = tuple(make_diagnostic("PQ0702", place, name=name) for name, place in missing.items())
        raise query_error(found, SourceText(request.text, request.source_name))


def check_moment(request: Request) -> None:
    """Raises InvalidValue where a request names a time zone that is none, or a moment that no time can hold."""
    if find_zone(request.zone) is None:
        meant = similar_zones(request.zone)
        hint = f"did you mean {' or '.join(meant)}?" if meant else "zones are named as in Europe/Oslo or UTC"
        raise InvalidValue(f"there is no time zone {request.zone:.80}", hint)
    if request.now_us is not None and not is_time(request.now_us):
        raise InvalidValue(f"now is {request.now_us} microseconds from 1970, and years go from 1 to 9999")


def execution_inputs(
    request: Request, lookup: CompiledRequest, cancel: CancellationToken, now_us: int
) -> ExecutionInputs:
    """One `now` for the whole text; the parameters with the defaults of those that were not given, in JSON as clients give
    them. Raises InvalidValue for a parameter that the text has not, QueryError for a default that has no value."""
    asked = lookup.compiled.free_parameters
    for name in request.params:
        if name not in asked:
            known = ", ".join(f"${a}" for a in sorted(asked)) or "none"
            raise InvalidValue(f"the text has no parameter ${name}", f"its parameters are: {known}")
    given = dict(request.params)
    values = constant_context(lookup.literals, {}, now_us)
    for name, declared in lookup.compiled.parameters.items():
        if name not in given and declared.default is not None:
            try:
                given[name] = encode(evaluate_scalar(declared.default, values), declared.type)
            except EvaluationError as error:
                raise locate_error(error, lookup.compiled, request) from error
    return ExecutionInputs(
        lookup.literals, given, now_us, request.budget, cancel, lookup.plan_key, lookup.cache_hit, after=request.after
    )


def request_warnings(request: Request, lookup: CompiledRequest, inputs: ExecutionInputs) -> list[dict[str, Any]]:
    """What a text, its literals and its parameters are warned of, in the order of the text, as diagnostics in JSON."""
    script = lookup.compiled
    if not (script.warnings or script.value_checks):
        return []
    text, before = ScannedText(request.text), script.source

    def here(span: Span) -> Span:
        return remap_span(span, before, text)

    placed = [ValueCheck(replace(each.source, span=here(each.source.span)), each.check) for each in script.value_checks]
    found = [replace(each, span=here(each.span), fix=None) for each in script.warnings]
    found += value_warnings(placed, lookup.literals, inputs.parameters)
    source = SourceText(request.text, request.source_name)
    return [each.to_json(source) for each in sorted(dict.fromkeys(found), key=lambda d: d.span.start)]


def locate_error(error: EvaluationError, script: CompiledScript, request: Request) -> QueryError:
    """A kernel's error as one of the request's text, where the plan may have another place than in the text it was made from."""
    span = remap_span(error.span, script.source, ScannedText(request.text))
    found = make_diagnostic(error.code, span, candidates=error.candidates, **error.words)
    return query_error((found,), SourceText(request.text, request.source_name))
