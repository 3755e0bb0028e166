"""The operators of all stages: planner, estimates and capabilities read them here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from paasq_daemon.operators import (
    cite,
    collapse,
    distinct,
    diversify,
    drop,
    expand,
    facet,
    follow,
    fuse,
    lookup_join,
    match,
    near,
    page,
    passages,
    project,
    rename,
    rerank,
    result_budget,
    sample,
    scan,
    skip,
    sort,
    summarize,
    take,
    union,
)
from paasq_daemon.operators import (
    filter as where,
)
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundStage

OPERATORS: tuple[OperatorSpec[Any], ...] = (
    project.SELECT,
    project.EXTEND,
    *(
        module.OPERATOR
        for module in (
            scan, where, match, near, fuse, sort, take, page, facet, summarize, follow, drop, rename, skip, distinct, expand,
            sample, union, lookup_join, rerank, collapse, diversify, passages, cite, result_budget,
        )
    ),
)  # fmt: skip
OPERATOR_BY_STAGE: Mapping[type[BoundStage], OperatorSpec[Any]] = MappingProxyType({o.stage: o for o in OPERATORS})
