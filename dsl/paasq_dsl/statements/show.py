"""show and describe: what there is."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.bound import BoundDescribe, BoundShow
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.statements.spec import StatementSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role
from paasq_dsl.syntax.keywords import STAGE_KEYWORDS


def _show(context: BindContext, node: tree.Show, _: str) -> BoundShow | None:
    if node.collection is None:
        return BoundShow(node.kind)
    collection = context.resolve_collection(node.collection.name, node.collection.span)
    return BoundShow(node.kind, collection) if collection else None


def _describe(context: BindContext, node: tree.Describe, _: str) -> BoundDescribe | None:
    name = node.subject.name
    known = {
        "collection": context.catalog.collections, "view": context.catalog.views, "stage": STAGE_KEYWORDS,
        "function": FUNCTIONS,
    }  # fmt: skip
    for kind, names in known.items():
        if name in names:
            return BoundDescribe(kind, name)
    every = [name for names in known.values() for name in names]
    context.report_unknown("PQ0227", node.subject.span, name, every, what="collection, view, stage or function")
    return None


def _show_role(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.COLLECTION if words[-1] == "of" else CompletionRole.NOTHING


STATEMENTS = (
    StatementSpec(
        "show", "show collections | fields of collection | views | functions | stages | snapshots | retention | forgotten",
        "Lists what there is.",
        role=_show_role,
        words={
            "collections": "Every collection, with counts.",
            "fields": "The fields of a collection.",
            "views": "Every view, with its pipeline.",
            "functions": "Every function of the language.",
            "stages": "Every stage of the language.",
            "snapshots": "Every snapshot of the store.",
            "retention": "How long each collection keeps what, and how much is past that now.",
            "forgotten": "Every forget, with its receipt.",
        },
        binders={tree.Show: _show},
    ),
    StatementSpec(
        "describe", "describe name", "Tells what a collection, view, stage or function is.",
        role=constant_role(CompletionRole.NEW_NAME),
        binders={tree.Describe: _describe},
    ),
)  # fmt: skip
