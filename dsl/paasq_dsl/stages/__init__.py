"""The stages of the language, one file each, and the registry of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from paasq_dsl.stages import (
    budget,
    cite,
    collapse,
    distinct,
    diversify,
    drop,
    expand,
    extend,
    facet,
    find,
    follow,
    fuse,
    lookup,
    match,
    near,
    page,
    passages,
    rename,
    rerank,
    sample,
    select,
    skip,
    sort,
    summarize,
    take,
    union,
    where,
)
from paasq_dsl.stages.spec import StageSpec

STAGES: tuple[StageSpec, ...] = tuple(
    module.STAGE
    for module in (
        where, find, match, near, fuse, sort, take, page, select, extend, facet, summarize, follow,
        drop, rename, skip, distinct, expand, sample, union, lookup,
        rerank, collapse, diversify, passages, cite, budget,
    )
)  # fmt: skip
STAGE_BY_KEYWORD: Mapping[str, StageSpec] = MappingProxyType({verb.keyword: verb for verb in STAGES})
STAGE_BY_NODE: Mapping[type, StageSpec] = MappingProxyType({verb.node: verb for verb in STAGES})
