"""facet: counts by value, in addition to the rows."""

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression, bind_scalar
from paasq_dsl.binder.paths import implicit_column_name
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import FacetCount, FacetStage, Schema
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import INT, TypeKind


def bind(context: BindContext, node: tree.Facet, schema: Schema) -> FacetStage:
    """Each item needs a name of its own (PQ0403, PQ0205) and a value that can be counted (PQ0304); the schema stays."""
    facets: dict[str, FacetCount] = {}
    for facet in node.items:
        value = bind_expression(context, facet.item.expression, schema)
        name = facet.item.name or implicit_column_name(facet.item.expression)
        top = bind_scalar(context, facet.top, INT, "top") if facet.top else None
        if value.type.kind is TypeKind.VECTOR:
            context.report(
                "PQ0304",
                facet.span,
                what="a facet",
                expected="something that can be counted",
                found=with_article(value.type),
            )
        if name is None:
            context.report("PQ0403", facet.span)
        elif name in facets:
            context.report("PQ0205", facet.span, name=name)
        else:
            facets[name] = FacetCount(name, value, top)
    return FacetStage(tuple(facets.values()), schema=schema)


def _role(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.ARGUMENT if words[-1] == "top" else CompletionRole.EXPRESSION


STAGE = StageSpec(
    tree.Facet, "facet [name =] expression [top n], ...",
    "Counts the rows at this place by value, next to the rows, which go on unchanged. Counts are exact; a list counts for each "
    "of its items. Most frequent first. ranges(field, 0, 10, 100) counts by ranges.",
    "from pep | facet status, authors top 10, bucket(created, 5y) | take 5", bind, role=_role,
    words={
        "top": "How many values of a facet, most frequent first.",
    },
)  # fmt: skip
