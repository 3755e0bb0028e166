"""What a document declares and asks, for outlines and for jumping to a name."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.parser import parse
from paasq_dsl.syntax.tree import FunctionDeclaration, Use, ViewHead
from paasq_editor.analysis import Analysis
from paasq_editor.line_index import Positions

CHARACTERS_SHOWN = 60  # of a statement that has no name


def symbols(analysis: Analysis) -> list[types.DocumentSymbol]:
    """One for each statement, the fields of a collection below it."""
    positions = Positions(analysis.text)
    return [_statement(positions, each) for each in parse(analysis.text)[0].statements]


def _statement(positions: Positions, statement: tree.Statement) -> types.DocumentSymbol:
    written = positions.text[statement.span.start : statement.span.end]
    head = statement.head
    fields = head.fields if isinstance(head, tree.CollectionDeclaration) else ()
    name, kind = _named(head) or (_first_words(written), types.SymbolKind.Event)
    return _symbol(
        positions, name, kind, statement.span,
        [_symbol(positions, f.name, types.SymbolKind.Field, f.span.shift(statement.offset), []) for f in fields],
    )  # fmt: skip


def _named(head: tree.Head) -> tuple[str, types.SymbolKind] | None:
    match head:
        case tree.CollectionDeclaration():
            return head.name, types.SymbolKind.Class
        case tree.LetHead() | FunctionDeclaration() | ViewHead():
            return head.name, types.SymbolKind.Function
        case tree.ParameterDeclaration():
            return f"${head.name}", types.SymbolKind.Variable
        case Use():
            return head.alias, types.SymbolKind.Module
        case _:
            return None


def _first_words(written: str) -> str:
    """The statement on one line, cut where it is long; an outline takes no empty name."""
    line = " ".join(written[: 4 * CHARACTERS_SHOWN].split()) or "…"
    return line if len(line) <= CHARACTERS_SHOWN else f"{line[:CHARACTERS_SHOWN].rstrip()}…"


def _symbol(
    positions: Positions, name: str, kind: types.SymbolKind, span: Span, children: list[types.DocumentSymbol]
) -> types.DocumentSymbol:
    place = positions.range(span)
    return types.DocumentSymbol(
        name, kind, range=place, selection_range=types.Range(place.start, place.start), children=children
    )
