"""What a document declares and asks, for outlines and for jumping to a name."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.syntax.tree import FunctionDeclaration, Use, ViewHead
from paasq_editor.analysis import DocumentAnalysis
from paasq_editor.line_index import LineIndex

NAME_CHARACTERS_MAX = 60  # of a statement that has no name


def document_symbols(analysis: DocumentAnalysis) -> list[types.DocumentSymbol]:
    """One for each statement, the fields of a collection below it."""
    positions = LineIndex(analysis.text)
    return [_statement(positions, each) for each in parse_script(analysis.text)[0].statements]


def _statement(positions: LineIndex, statement: tree.Statement) -> types.DocumentSymbol:
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
    line = " ".join(written[: 4 * NAME_CHARACTERS_MAX].split()) or "…"
    return line if len(line) <= NAME_CHARACTERS_MAX else f"{line[:NAME_CHARACTERS_MAX].rstrip()}…"


def _symbol(
    positions: LineIndex, name: str, kind: types.SymbolKind, span: Span, children: list[types.DocumentSymbol]
) -> types.DocumentSymbol:
    place = positions.to_range(span)
    return types.DocumentSymbol(
        name, kind, range=place, selection_range=types.Range(place.start, place.start), children=children
    )
