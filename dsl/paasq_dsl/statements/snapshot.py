"""snapshot and verify."""

from __future__ import annotations

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import BoundCreateSnapshot, BoundVerifySnapshot
from paasq_dsl.statements.spec import StatementSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role
from paasq_dsl.types import KEYWORD


def _snapshot(context: BindContext, node: tree.CreateSnapshot, _: str) -> BoundCreateSnapshot:
    return BoundCreateSnapshot(bind_scalar(context, node.name, KEYWORD, "the name of a snapshot"))


def _verify(context: BindContext, node: tree.VerifySnapshot, _: str) -> BoundVerifySnapshot:
    return BoundVerifySnapshot(bind_scalar(context, node.name, KEYWORD, "the name of a snapshot"))


STATEMENTS = (
    StatementSpec(
        "snapshot", 'snapshot "name"', "Keeps the store as it is now.",
        role=constant_role(CompletionRole.ARGUMENT),
        binders={tree.CreateSnapshot: _snapshot},
    ),
    StatementSpec(
        "verify", 'verify snapshot "name"', "Reads every byte of a snapshot and says whether it is whole.",
        role=constant_role(CompletionRole.NOTHING),
        binders={tree.VerifySnapshot: _verify},
    ),
)  # fmt: skip
