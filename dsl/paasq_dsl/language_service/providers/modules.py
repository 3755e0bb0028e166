"""Paths of modules, after `use`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paasq_dsl.language_service.completion_item import RANKS, CompletionItem, CompletionKind
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.syntax.lexer import format_string

_PLAIN = re.compile(r"[^\W\d]\w*")


def provide(place: CursorContext, _: FieldValues) -> Iterator[CompletionItem]:
    """The paths of the modules that a `use` may name, nearest folders first."""
    kind = CompletionKind.MODULE
    for path in place.modules.paths() if place.role is CompletionRole.MODULE else ():
        insert = path if place.quoted else f"{format_string(path)} as {_alias(path)}"
        yield CompletionItem(path, insert, kind, "module", "", place.replace_span, RANKS[kind] + path.count("../"))


def _alias(path: str) -> str:
    stem = path.rpartition("/")[2].removesuffix(".paasq")
    return stem if _PLAIN.fullmatch(stem) else "module"
