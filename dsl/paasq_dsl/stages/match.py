"""match: words and phrases in text fields."""

from paasq_dsl.binder.context import Context, needs_records
from paasq_dsl.binder.expressions import bind_expression, bind_scalar
from paasq_dsl.binder.type_descriptions import found_words
from paasq_dsl.bound import Bound, MatchStage, Schema
from paasq_dsl.stages.retrieval import check_match_words, chosen_text_fields, scored, text_fields, unknown_option
from paasq_dsl.stages.spec import Verb
from paasq_dsl.syntax import tree
from paasq_dsl.types import INT, TEXT, Kind

OPTIONS = ("min",)


def bind(context: Context, node: tree.Match, schema: Schema) -> MatchStage | None:
    words = _words(context, node)
    least = None
    for option in node.options:
        if option.name in OPTIONS:
            least = bind_scalar(context, option.value, INT, "min")
        else:
            unknown_option(context, "match", option, OPTIONS)
    if not needs_records(context, "match", schema, node.span):
        return None
    fields = chosen_text_fields(context, "match", node.fields, node.span, schema)
    return MatchStage(fields, words, least, schema=scored(schema)) if text_fields(schema) else None


def _words(context: Context, node: tree.Match) -> Bound:
    if not node.like:
        check_match_words(context, node.words)
        return bind_scalar(context, node.words, TEXT, "what match looks for")
    record = bind_expression(context, node.words, Schema(()))
    if record.type.kind is not Kind.LINK:
        what = "what match looks for the like of"
        context.report("PQ0304", node.words.span, what=what, expected="a record", found=found_words(record))
    return record


VERB = Verb(
    "match", tree.Match, 'match [field[^weight], ...] "words" [min=1] | like record',
    "Keeps the rows with these words in the named text fields (all of them where none is named), best first by BM25. Inside "
    'the string: words, \\"phrases\\", +must, -not, prefix*, fuzzy~1, word^3. With min=2 two at least of what has no sign must '
    "be there. `match like pep:8` looks for the 25 words that tell most about that record.",
    r'from pep | match title^3, abstract "\"pattern matching\" -draft"', bind,
)  # fmt: skip
