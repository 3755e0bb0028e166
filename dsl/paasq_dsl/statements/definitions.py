"""let, param, fn, use and zone: what the statements after them can use."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.statements.shared_roles import parameters_role, pipeline_role, type_role
from paasq_dsl.statements.spec import StatementSpec
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role, last_of


def _param(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.SCALAR if "=" in words else type_role(words)


def _fn(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.SCALAR if last_of(words, "=") else parameters_role(words)


def _use(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.MODULE if len(words) == 1 else CompletionRole.NOTHING


STATEMENTS = (
    StatementSpec(
        "let", "let name = from ...", "Names a pipeline, to be used as a source.",
        role=pipeline_role,
    ),
    StatementSpec(
        "param", "param $name: type [= default]",
        "Declares a value that comes with each run and is never part of the text.",
        role=_param,
    ),
    StatementSpec(
        "fn", "fn name(parameter: type, ...): type = expression",
        "Names an expression, which is put in the place of its calls.",
        role=_fn,
    ),
    StatementSpec(
        "use", 'use "path" as alias', "Takes the fn, let and param of a file of this project: alias.name.",
        role=_use,
    ),
    StatementSpec(
        "zone", 'zone "Area/Place"',
        "The time zone of this text: of times without an offset, of days, and of what reads the calendar.",
        role=constant_role(CompletionRole.ZONE),
    ),
)  # fmt: skip
