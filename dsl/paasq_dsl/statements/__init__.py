"""The statements of the language, in modules of those that belong together, and the registry of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from paasq_dsl.statements import (
    alter,
    collection,
    definitions,
    drop,
    queries,
    resolve,
    show,
    snapshot,
    view,
    writes,
)
from paasq_dsl.statements.spec import CommandBinder, StatementSpec

STATEMENTS: tuple[StatementSpec, ...] = tuple(
    spec
    for module in (queries, definitions, collection, writes, view, show, alter, drop, snapshot, resolve)
    for spec in module.STATEMENTS
)
STATEMENT_BY_KEYWORD: Mapping[str, StatementSpec] = MappingProxyType({spec.keyword: spec for spec in STATEMENTS})
COMMAND_BINDERS: Mapping[type, CommandBinder] = MappingProxyType(
    {node: bind for spec in STATEMENTS for node, bind in spec.binders.items()}
)
