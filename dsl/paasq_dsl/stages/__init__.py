"""The stages of the language, one module each, named after its keyword, and the registry of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax.keywords import ORDERED_STAGE_KEYWORDS

STAGES: tuple[StageSpec, ...] = tuple(import_module(f"{__name__}.{word}").STAGE for word in ORDERED_STAGE_KEYWORDS)
STAGE_BY_KEYWORD: Mapping[str, StageSpec] = MappingProxyType({spec.keyword: spec for spec in STAGES})
STAGE_BY_NODE: Mapping[type, StageSpec] = MappingProxyType({spec.node: spec for spec in STAGES})
