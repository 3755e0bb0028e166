"""Paths of modules, behind `use`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paasq_dsl.language_service.completion_item import RANKS, Completion, CompletionKind
from paasq_dsl.language_service.cursor_context import Place, Values
from paasq_dsl.language_service.role import Role
from paasq_dsl.syntax.lexer import quote_string

_PLAIN = re.compile(r"[^\W\d]\w*")


def provide(place: Place, _: Values) -> Iterator[Completion]:
    kind = CompletionKind.MODULE
    for path in place.modules.paths() if place.role is Role.MODULE else ():
        insert = path if place.quoted else f"{quote_string(path)} as {_alias(path)}"
        yield Completion(path, insert, kind, "module", "", place.span, RANKS[kind] + path.count("../"))


def _alias(path: str) -> str:
    stem = path.rpartition("/")[2].removesuffix(".paasq")
    return stem if _PLAIN.fullmatch(stem) else "module"
