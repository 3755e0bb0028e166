"""What an editor and the shell offer while somebody types, by the parser and binder of the engine."""

from __future__ import annotations

from paasq_dsl.language_service.completion import complete
from paasq_dsl.language_service.completion_item import Completion
from paasq_dsl.language_service.cursor_context import NO_VALUES, Values
from paasq_dsl.language_service.hover import Hover, hover
from paasq_dsl.language_service.signature_help import SignatureHelp, signature_help
from paasq_dsl.language_service.symbol_resolution import Mention, declaration, mention_at

__all__ = [
    "NO_VALUES", "Completion", "Hover", "Mention", "SignatureHelp", "Values", "complete", "declaration", "hover",
    "mention_at", "signature_help",
]  # fmt: skip
