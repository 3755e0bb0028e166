"""Completion while typing."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.catalog import Catalog
from paasq_dsl.language_service import CompletionItem, FieldValues, complete
from paasq_dsl.language_service.completion_item import CompletionKind
from paasq_dsl.modules import ModuleProvider
from paasq_editor.line_index import LineIndex

TRIGGERS = [" ", "|", ".", ">", "$", "@", '"', ":", "(", "[", "{", ",", "<"]
_KINDS = {
    CompletionKind.STATEMENT: types.CompletionItemKind.Keyword,
    CompletionKind.STAGE: types.CompletionItemKind.Keyword,
    CompletionKind.COLLECTION: types.CompletionItemKind.Class,
    CompletionKind.LET: types.CompletionItemKind.Variable,
    CompletionKind.MODULE: types.CompletionItemKind.Module,
    CompletionKind.FIELD: types.CompletionItemKind.Field,
    CompletionKind.FUNCTION: types.CompletionItemKind.Function,
    CompletionKind.PARAMETER: types.CompletionItemKind.Variable,
    CompletionKind.KEYWORD: types.CompletionItemKind.Keyword,
    CompletionKind.OPERATOR: types.CompletionItemKind.Operator,
    CompletionKind.OPTION: types.CompletionItemKind.Property,
    CompletionKind.TYPE: types.CompletionItemKind.TypeParameter,
    CompletionKind.METHOD: types.CompletionItemKind.EnumMember,
    CompletionKind.MOMENT: types.CompletionItemKind.Constant,
    CompletionKind.VALUE: types.CompletionItemKind.Value,
}


def completion(
    text: str, position: types.Position, catalog: Catalog, values: FieldValues, modules: ModuleProvider
) -> types.CompletionList:
    """Never complete: what is typed next may change what fits, and values are the most frequent only."""
    positions = LineIndex(text)
    offered = complete(text, positions.to_offset(position), catalog, values, modules)
    return types.CompletionList(is_incomplete=True, items=[_item(positions, each) for each in offered])


def _item(positions: LineIndex, offered: CompletionItem) -> types.CompletionItem:
    return types.CompletionItem(
        label=offered.label,
        kind=_KINDS[offered.kind],
        detail=offered.detail or None,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, offered.documentation)
        if offered.documentation
        else None,
        sort_text=f"{offered.rank + 1000:04}{offered.label}",
        filter_text=offered.label,
        text_edit=types.TextEdit(positions.to_range(offered.span), offered.insert_text),
    )
