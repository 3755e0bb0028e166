"""The parameters whose values come with each run of a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.lexer import Token, TokenKind
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.syntax.statement_splitter import split_statements

_PIPELINES = frozenset({"let", "view"})
_DEFINITIONS = frozenset({"let", "fn"})
_NOT_EVALUATED = frozenset({"explain", "zone"})  # a plan can be shown without values


def free_parameters(source: ScannedText) -> frozenset[str]:
    """Their names, without `$`; those that a pipeline of the text declares in its brackets are its own. On any text."""
    statements = (source.statement(span).significant_tokens for span in split_statements(source.text))
    return frozenset(name for tokens in statements for name in _used(tokens))


def missing_parameters(source: ScannedText, given: Mapping[str, object]) -> dict[str, Span]:
    """Those without a value that the statements to run use, themselves or by definitions: with the place where each is first.
    Those of modules, which know their defaults, are left out. On any text."""
    definitions: dict[str, tuple[set[str], dict[str, Span]]] = {}
    found: dict[str, Span] = {}
    known = set(given)
    for span in split_statements(source.text):
        tokens = source.statement(span).significant_tokens
        if not tokens or tokens[0].text in _NOT_EVALUATED:
            continue
        used = {name: place.shift(span.start) for name, place in _used(tokens).items()}
        names = {token.text for token in tokens if token.kind is TokenKind.NAME}
        if tokens[0].text == "use":
            known.add(tokens[-1].text)  # of `$mail.since` the scanner knows `$mail`
        elif tokens[0].text == "param":
            known |= used.keys() if any(token.text == "=" for token in tokens) else set()
        elif tokens[0].text in _DEFINITIONS and len(tokens) > 1:
            definitions[tokens[1].text] = names, used
        else:
            found = _with_definitions(names, used, definitions) | found
    return {name: place for name, place in found.items() if name not in known}


def _with_definitions(
    names: set[str], used: dict[str, Span], definitions: Mapping[str, tuple[set[str], dict[str, Span]]]
) -> dict[str, Span]:
    """`used`, and what the definitions use that are named, by one another too."""
    todo, done = names & definitions.keys(), set[str]()
    while todo:
        name = todo.pop()
        done.add(name)
        more, theirs = definitions[name]
        used = theirs | used
        todo |= (more & definitions.keys()) - done
    return used


def _used(tokens: Sequence[Token]) -> dict[str, Span]:
    """The free parameters of a statement, each where it is first in its text."""
    places = {
        token.text[1:]: Span(token.start, token.start + len(token.text))
        for token in reversed(tokens)
        if token.kind is TokenKind.PARAM
    }
    if places and tokens[0].text in _PIPELINES:
        for token, behind in pairwise(tokens):
            if behind.text == ":":
                places.pop(token.text[1:], None)
    return places
