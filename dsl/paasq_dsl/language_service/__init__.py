"""What an editor and the shell offer while somebody types, by the parser and binder of the engine."""

from __future__ import annotations

from paasq_dsl.language_service.completion import complete
from paasq_dsl.language_service.completion_item import CompletionItem
from paasq_dsl.language_service.cursor_context import FieldValues, no_values
from paasq_dsl.language_service.hover import Hover, hover
from paasq_dsl.language_service.signature_help import SignatureHelp, signature_help
from paasq_dsl.language_service.symbol_resolution import SymbolReference, find_declaration, symbol_at

__all__ = [
    "CompletionItem",
    "FieldValues",
    "Hover",
    "SignatureHelp",
    "SymbolReference",
    "complete",
    "find_declaration",
    "hover",
    "no_values",
    "signature_help",
    "symbol_at",
]  # fmt: skip
