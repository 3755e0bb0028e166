"""Completion: providers, each for one kind, then what was typed decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from paasq_dsl.catalog import Catalog
from paasq_dsl.language_service.completion_item import RANK_SUBSTRING_MATCH, CompletionItem
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues, cursor_context_at, no_values
from paasq_dsl.language_service.providers import PROVIDERS
from paasq_dsl.modules import NO_MODULES, ModuleProvider


def complete(
    text: str, offset: int, catalog: Catalog, values: FieldValues = no_values, modules: ModuleProvider = NO_MODULES
) -> list[CompletionItem]:
    """What may occur at `offset`, best first. Never raises on any text, half-written ones above all."""
    place = cursor_context_at(text, min(max(offset, 0), len(text)), catalog, modules)
    if place is None:
        return []
    return sorted(_fitting(place, values), key=lambda c: (c.rank, c.label))


def _fitting(place: CursorContext, values: FieldValues) -> Iterator[CompletionItem]:
    typed = place.prefix.casefold().lstrip("`")
    seen: set[str] = set()
    for provider in PROVIDERS:
        for offered in provider(place, values):
            label = offered.label.casefold()
            if offered.label in seen or typed not in label:
                continue
            seen.add(offered.label)
            yield offered if label.startswith(typed) else replace(offered, rank=offered.rank + RANK_SUBSTRING_MATCH)
