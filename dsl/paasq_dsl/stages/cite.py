"""cite: where a row comes from."""

from dataclasses import replace

from paasq_dsl.binder.context import BindContext
from paasq_dsl.bound import CiteStage, ColumnInfo, Schema
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role
from paasq_dsl.types import KEYWORD


def bind(context: BindContext, node: tree.Cite, schema: Schema) -> CiteStage | None:
    """Adds the keyword column `_cite`. Needs rows that are records (PQ0401), else None."""
    if schema.collection is None:
        if not schema.is_open:
            context.report("PQ0401", node.span, stage="cite", before="an earlier stage")
        return None
    columns = (*(c for c in schema.columns if c.name != "_cite"), ColumnInfo("_cite", KEYWORD))
    return CiteStage("_passage" in schema.columns_by_name, schema=replace(schema, columns=columns))


STAGE = StageSpec(
    tree.Cite, "cite",
    "Adds `_cite`, which names what a row was made of: `pep:8@3` is version 3 of the record pep:8, and after passages "
    "`pep:8@3.abstract[120..340]` its characters 120 to 340 of the field abstract.",
    'from pep | find "line length" | take 5 | passages abstract | cite', bind,
    role=constant_role(CompletionRole.NOTHING), changes_schema=True,
)  # fmt: skip
