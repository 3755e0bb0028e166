"""collection: its fields."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.statements.shared_roles import type_role
from paasq_dsl.statements.spec import StatementSpec
from paasq_dsl.syntax.completion_role import CompletionRole, innermost_open_bracket

_BEFORE_A_VALUE = frozenset("= ( [ , + - * / % == != < <= > >= .. and or not in has any all".split())


def field_role(words: Sequence[str]) -> CompletionRole:
    """Where a field is declared."""
    if words[-1] == "default":
        return CompletionRole.SCALAR
    if words[-1] == "by" and innermost_open_bracket(words) < 0:
        return CompletionRole.TIME_FIELD
    names = words[len(words) - list(reversed(words)).index("from") :] if "from" in words else None
    if names is not None and (not names or (names[-1] == "," and ":" not in names)):
        return CompletionRole.VECTOR_SOURCE
    if "=" in words and ":" not in words[len(words) - list(reversed(words)).index("=") :]:
        return CompletionRole.COMPUTED_FIELD if words[-1] in _BEFORE_A_VALUE else CompletionRole.NOTHING
    return type_role(words)


STATEMENTS = (
    StatementSpec(
        "collection", "collection name { [key] field: type ... } [keep duration [by field]] [history duration]",
        "Declares a collection: its fields, and how long it keeps records and their past versions.",
        role=field_role,
        words={
            "required": "A record without this field is refused.",
            "default": "The value of the field where a record gives none.",
            "key": "The field that identifies a record; a keyword.",
            "unique": "No two records have one value here; null may stand in many.",
            "history": "How long past versions are kept, which `as of` reads: a duration, all, or none.",
            "none": "Past versions are not kept.",
        },
    ),
)  # fmt: skip
