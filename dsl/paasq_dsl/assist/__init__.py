"""What an editor and the shell offer while somebody types, by the parser and binder of the engine."""

from __future__ import annotations

from paasq_dsl.assist.complete import complete
from paasq_dsl.assist.completion import Completion
from paasq_dsl.assist.hover import Hover, hover
from paasq_dsl.assist.place import NO_VALUES, Values

__all__ = ["NO_VALUES", "Completion", "Hover", "Values", "complete", "hover"]
