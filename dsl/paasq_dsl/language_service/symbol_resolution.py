"""What a name in a text speaks of, and where a text declares it."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_dsl.catalog import Catalog
from paasq_dsl.language_service.cursor_context import Place, place_at
from paasq_dsl.language_service.hover import word_at
from paasq_dsl.language_service.role import Role
from paasq_dsl.modules import NO_MODULES, Modules
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import Token, TokenKind, scan
from paasq_dsl.syntax.parser import parse

_SOURCES = (tree.LetHead, tree.ViewHead, tree.CollectionDeclaration)
_COLLECTIONS = (tree.CollectionDeclaration,)
_FUNCTIONS = (tree.FunctionDeclaration,)
_PARAMETERS = (tree.ParameterDeclaration,)
_MODULES = (tree.Use,)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name of what one of these statements declares: in the module at `path`, where that is given. `within` is where the
    text at hand speaks of it."""

    name: str
    heads: tuple[type[tree.Node], ...]
    within: Span
    path: str | None = None


def mention_at(text: str, offset: int, catalog: Catalog, modules: Modules = NO_MODULES) -> Mention | None:
    """The name at `offset`; None where it is no word, or one of the language. Never raises."""
    found = word_at(text, offset)
    place = place_at(text, found[0].start, catalog, modules) if found else None
    if found is None or place is None:
        return None
    token, behind = found
    name, following = token.text.strip("`"), behind.text if behind else ""
    path = place.aliases.get(place.qualified.rstrip("."))
    if token.kind is TokenKind.REF:
        return Mention(name.partition(":")[0], _COLLECTIONS, token.span)
    if following == "." and name.lstrip("$") in place.aliases:
        return Mention(name.lstrip("$"), _MODULES, token.span)
    heads = _heads(place, token, following)
    return Mention(name.lstrip("$"), heads, token.span, path) if heads else None


def _heads(place: Place, token: Token, following: str) -> tuple[type[tree.Node], ...]:
    if token.kind is TokenKind.PARAM or (place.qualified and place.words[-2].startswith("$")):
        return _PARAMETERS
    if place.role in {Role.SOURCE, Role.MEMBER, Role.NAMED, Role.VIEW}:
        return _SOURCES
    if place.role is Role.COLLECTION:
        return _COLLECTIONS
    return _FUNCTIONS if following == "(" else ()


def declaration(text: str, mention: Mention) -> Span | None:
    """Where the text declares what is mentioned: its name there, of a module the path. A parameter is first looked for in
    the pipeline that mentions it."""
    statements = parse(text)[0].statements
    if mention.heads == _PARAMETERS and mention.path is None:
        around = (s for s in statements if s.span.start <= mention.within.start <= s.span.end)
        for statement in around:
            for taken in getattr(statement.head, "parameters", ()):
                if taken.name == mention.name:
                    span: Span = taken.span
                    return span.shift(statement.offset)
    for statement in statements:
        head = statement.head
        name = getattr(head, "alias", None) or getattr(head, "name", None)
        if isinstance(head, mention.heads) and name == mention.name:
            start: int = head.span.start + statement.offset
            return Span(start, scan(text[start : statement.span.end])[0].end + start)
    return None
