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
from paasq_dsl.stages.spec import Verb

VERBS: tuple[Verb, ...] = tuple(
    module.VERB
    for module in (
        where, find, match, near, fuse, sort, take, page, select, extend, facet, summarize, follow,
        drop, rename, skip, distinct, expand, sample, union, lookup,
        rerank, collapse, diversify, passages, cite, budget,
    )
)  # fmt: skip
VERB_OF_WORD: Mapping[str, Verb] = MappingProxyType({verb.word: verb for verb in VERBS})
VERB_OF_NODE: Mapping[type, Verb] = MappingProxyType({verb.node: verb for verb in VERBS})
