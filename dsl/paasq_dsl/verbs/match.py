"""match: words and phrases in text fields."""

from paasq_dsl.binder.context import Context, needs_records
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import MatchStage, Schema
from paasq_dsl.syntax import tree
from paasq_dsl.types import TEXT
from paasq_dsl.verbs.retrieval import check_match_words, chosen_text_field, missing_field, scored, text_fields
from paasq_dsl.verbs.verb import Verb


def bind(context: Context, node: tree.Match, schema: Schema) -> MatchStage | None:
    check_match_words(context, node.words)
    if not needs_records(context, "match", schema, node.span):
        return None
    known = text_fields(schema)
    if not known:
        missing_field(context, "match", "text", schema, node.span)
        return None
    for weighted in node.fields:
        chosen_text_field(context, "match", weighted.name, weighted.span, schema)
    fields = tuple((w.name, w.weight) for w in node.fields if w.name in known) or tuple((name, 1.0) for name in known)
    words = bind_scalar(context, node.words, TEXT, "what match looks for")
    return MatchStage(fields, words, scored(schema))


VERB = Verb(
    "match", tree.Match, 'match [field[^weight], ...] "words"',
    "Keeps the rows with these words in the named text fields (all of them where none is named), best first by BM25. Inside "
    'the string: words, \\"phrases\\", +must, -not, prefix*, fuzzy~1, word^3.',
    r'from pep | match title^3, abstract "\"pattern matching\" -draft"', bind,
)  # fmt: skip
