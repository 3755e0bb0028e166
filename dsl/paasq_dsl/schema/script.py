"""A whole schema as a script, and the schema that a script declares."""

from __future__ import annotations

from dataclasses import replace

from paasq_dsl.binder.script import bind_script
from paasq_dsl.bound import BoundCreateView
from paasq_dsl.catalog import Catalog
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.schema.declaration_text import collection_text, history_text, view_text
from paasq_dsl.schema.view_order import ordered_views
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import tokenize
from paasq_dsl.syntax.parser import parse_script

_DECLARING = (tree.CollectionDeclaration, tree.CatalogChange, tree.ErrorNode)


def schema_script(catalog: Catalog) -> str:
    """The script that declares all collections and views, each view behind those that it stands on.

    Run on an empty store it gives an equal catalog, ids and embedding models aside. A view that does not hold any more, since
    a field of it is gone, stands there as a comment that says so.
    """
    known = Catalog(collections=catalog.collections)
    parts = [] if catalog.history is None else [f"{history_text(catalog.history)};"]
    parts += [f"{collection_text(collection)};" for collection in catalog.collections.values()]
    for view in ordered_views(catalog.views):
        text = f"{view_text(view)};"
        bound = bind_script(parse_script(text)[0], known)
        if bound.diagnostics:
            lines = [f"this view does not hold: {bound.diagnostics[0].message}", *text.splitlines()]
            parts.append("\n".join(f"// {line}" for line in lines))
        else:
            known = known.with_view(view)
            parts.append(text)
    return "\n\n".join(parts) + "\n" if parts else ""


def declared_schema(text: str) -> tuple[Catalog, tuple[Diagnostic, ...]]:
    """The collections and views that a script leaves behind in an empty store, its other statements aside; and what is
    wrong with their declarations."""
    script, wrong = parse_script(text)
    declaring = tuple(s for s in script.statements if isinstance(s.head, _DECLARING))
    bound = bind_script(tree.Script(declaring), Catalog())
    catalog = bound.catalog
    for statement in bound.statements:
        if isinstance(statement, BoundCreateView) and statement.view.name in catalog.views:
            span = statement.pipeline_span
            view = replace(statement.view, definition=pipeline_text(text[span.start : span.end]))
            catalog = replace(catalog, views={**catalog.views, view.name: view})
    return catalog, (*wrong, *bound.diagnostics)


def pipeline_text(statement: str) -> str:
    """What stands behind the = of a view."""
    depth, equals = 0, 0  # an = in the brackets is that of a default
    for token in tokenize(statement):
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "=" and depth == 0:
            equals = token.end
            break
    return statement[equals:].strip()
