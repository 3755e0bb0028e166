"""Warnings that depend on a value, of which a plan knows only where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from paasq_dsl.bound import Constant, ParameterRef
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.source_text import Span

Check: TypeAlias = "Callable[[str, Span], tuple[Diagnostic, ...]]"  # what a text at a place is warned of


@dataclass(frozen=True, slots=True)
class ValueCheck:
    """To be made when the text of a literal in a slot, or of a parameter, is known; `source.span` is where it stands."""

    source: Constant | ParameterRef
    check: Check
