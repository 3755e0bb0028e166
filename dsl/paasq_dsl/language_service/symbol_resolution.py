"""What a name in a text speaks of, and where a text declares it."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_dsl.catalog import Catalog
from paasq_dsl.language_service.cursor_context import CursorContext, cursor_context_at
from paasq_dsl.language_service.hover import word_at
from paasq_dsl.modules import NO_MODULES, ModuleProvider
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.syntax.lexer import Token, TokenKind, tokenize
from paasq_dsl.syntax.parser import parse_script

_SOURCES = (tree.LetHead, tree.ViewHead, tree.CollectionDeclaration)
_COLLECTIONS = (tree.CollectionDeclaration,)
_FUNCTIONS = (tree.FunctionDeclaration,)
_PARAMETERS = (tree.ParameterDeclaration,)
_MODULES = (tree.Use,)


@dataclass(frozen=True, slots=True)
class SymbolReference:
    """A name of what one of these statements declares: in the module at `module_path`, where that is given. `scope` is where the
    text at hand speaks of it."""

    name: str
    declaration_kinds: tuple[type[tree.Node], ...]
    scope: Span
    module_path: str | None = None


def symbol_at(text: str, offset: int, catalog: Catalog, modules: ModuleProvider = NO_MODULES) -> SymbolReference | None:
    """The name at `offset`; None where it is no word, or one of the language. Never raises."""
    found = word_at(text, offset)
    place = cursor_context_at(text, found[0].start, catalog, modules) if found else None
    if found is None or place is None:
        return None
    token, behind = found
    name, following = token.text.strip("`"), behind.text if behind else ""
    path = place.module_aliases.get(place.module_qualifier.rstrip("."))
    if token.kind is TokenKind.REF:
        return SymbolReference(name.partition(":")[0], _COLLECTIONS, token.span)
    if following == "." and name.lstrip("$") in place.module_aliases:
        return SymbolReference(name.lstrip("$"), _MODULES, token.span)
    heads = _heads(place, token, following)
    return SymbolReference(name.lstrip("$"), heads, token.span, path) if heads else None


def _heads(place: CursorContext, token: Token, following: str) -> tuple[type[tree.Node], ...]:
    if token.kind is TokenKind.PARAM or (place.module_qualifier and place.preceding_words[-2].startswith("$")):
        return _PARAMETERS
    if place.role in {CompletionRole.SOURCE, CompletionRole.MEMBER, CompletionRole.NEW_NAME, CompletionRole.VIEW}:
        return _SOURCES
    if place.role is CompletionRole.COLLECTION:
        return _COLLECTIONS
    return _FUNCTIONS if following == "(" else ()


def find_declaration(text: str, mention: SymbolReference) -> Span | None:
    """Where the text declares what is mentioned: its name there, of a module the path. A parameter is first looked for in
    the pipeline that mentions it."""
    statements = parse_script(text)[0].statements
    if mention.declaration_kinds == _PARAMETERS and mention.module_path is None:
        around = (s for s in statements if s.span.start <= mention.scope.start <= s.span.end)
        for statement in around:
            for taken in getattr(statement.head, "parameters", ()):
                if taken.name == mention.name:
                    span: Span = taken.span
                    return span.shift(statement.offset)
    for statement in statements:
        head = statement.head
        name = getattr(head, "alias", None) or getattr(head, "name", None)
        if isinstance(head, mention.declaration_kinds) and name == mention.name:
            start: int = head.span.start + statement.offset
            return Span(start, tokenize(text[start : statement.span.end])[0].end + start)
    return None
