"""What an editor and the shell offer while somebody types, by the parser and binder of the engine."""

from __future__ import annotations

from paasq_dsl.assist.complete import complete
from paasq_dsl.assist.completion import Completion
from paasq_dsl.assist.hover import Hover, hover
from paasq_dsl.assist.mention import Mention, declaration, mention_at
from paasq_dsl.assist.place import NO_VALUES, Values
from paasq_dsl.assist.signature import SignatureHelp, signature_help

__all__ = [
    "NO_VALUES", "Completion", "Hover", "Mention", "SignatureHelp", "Values", "complete", "declaration", "hover",
    "mention_at", "signature_help",
]  # fmt: skip
