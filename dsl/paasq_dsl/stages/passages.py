"""passages: the parts of a text that answer."""

from collections.abc import Sequence
from dataclasses import replace

from paasq_dsl.binder.context import BindContext, require_records
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import ColumnInfo, PassagesStage, Schema
from paasq_dsl.stages.retrieval import resolve_text_field
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import FLOAT, INT, KEYWORD


def bind(context: BindContext, node: tree.Passages, schema: Schema) -> PassagesStage | None:
    """Needs records and a text field; adds the passage columns, and records may repeat after it."""
    most = bind_scalar(context, node.max_per_row, INT, "the number of passages") if node.max_per_row else None
    if not require_records(context, "passages", schema, node.span):
        return None
    field = resolve_text_field(context, "passages", node.field, node.field_span, schema)
    if field is None or schema.collection is None:
        return None
    added = (
        ColumnInfo("passage", schema.collection.fields_by_name[field].type),
        ColumnInfo("passage_start", INT),
        ColumnInfo("passage_end", INT),
        ColumnInfo("_score.passage", FLOAT, hidden=True),
        ColumnInfo("_passage", KEYWORD, hidden=True),
    )
    names = {column.name for column in added}
    columns = (*(c for c in schema.columns if c.name not in names), *added)
    return PassagesStage(field, most, schema=replace(schema, columns=columns, may_repeat_records=True))


def _role(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.TEXT_FIELD if len(words) == 1 else CompletionRole.ARGUMENT


STAGE = StageSpec(
    tree.Passages, "passages field [max n]",
    "Makes a row of each of the best passages of a text field, one a record or at most n, best first, for the first 100 "
    "records. They are chosen by the words of the last match or find, and by meaning where near or find looked for a text. "
    "`passage` is the text from character `passage_start` to `passage_end`; `_score.passage` says how well it answers. "
    "A row without text stays one row.",
    'from pep | find "matrix multiplication operator" | take 5 | passages abstract max 2', bind, role=_role,
    words={
        "max": "How many passages of a record, 1 where nothing is said.",
    }, changes_schema=True,
)  # fmt: skip
