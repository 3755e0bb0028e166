"""view: a pipeline that the store keeps."""

from __future__ import annotations

from paasq_dsl.statements.shared_roles import pipeline_role
from paasq_dsl.statements.spec import StatementSpec

STATEMENTS = (
    StatementSpec(
        "view", "view name = from ...",
        "Keeps a pipeline in the store, to be used as a source by any text. A view of that name is replaced.",
        role=pipeline_role,
    ),
)  # fmt: skip
