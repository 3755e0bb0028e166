"""The resources: the language, the collections by their declarations, and the saved queries.

| address | text |
|---|---|
| `paasq://language` | the manual for a model, with the schema |
| `paasq://collection/NAME` | the declaration of a collection |
| `paasq://view/NAME` | the declaration of a saved query |
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, unquote

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, Resource, ResourceTemplate, TextResourceContents

from paasq_dsl.catalog import Catalog
from paasq_dsl.model_manual import model_manual
from paasq_dsl.schema.declaration_text import collection_text, view_text

_LANGUAGE = "paasq://language"
_COLLECTION = "paasq://collection/"
_VIEW = "paasq://view/"
_MARKDOWN = "text/markdown"
_DECLARATION = "text/plain"

TEMPLATES = (
    ResourceTemplate(
        name="collection",
        title="A collection",
        uri_template=f"{_COLLECTION}{{name}}",
        description="Its declaration: fields, types, what they mean.",
        mime_type=_DECLARATION,
    ),
    ResourceTemplate(
        name="view",
        title="A saved query",
        uri_template=f"{_VIEW}{{name}}",
        description="Its declaration. The tool query runs it: from NAME.",
        mime_type=_DECLARATION,
    ),
)


def list_resources(catalog: Catalog) -> Iterator[Resource]:
    """The language, then collections and views in the order of the catalog."""
    yield Resource(
        name="language",
        title="The query language",
        uri=_LANGUAGE,
        description="On two pages: the language, and the collections of this store.",
        mime_type=_MARKDOWN,
    )
    for collection in catalog.collections.values():
        yield Resource(
            name=collection.name,
            title=f"Collection {collection.name}",
            uri=_COLLECTION + quote(collection.name, safe=""),
            description=collection.doc or None,
            mime_type=_DECLARATION,
        )
    for view in catalog.views.values():
        yield Resource(
            name=view.name,
            title=f"Saved query {view.usage}",
            uri=_VIEW + quote(view.name, safe=""),
            description=view.doc or None,
            mime_type=_DECLARATION,
        )


def read_resource(catalog: Catalog, uri: str) -> TextResourceContents:
    """The text at an address. Raises MCPError where there is none."""
    if uri == _LANGUAGE:
        return TextResourceContents(uri=uri, mime_type=_MARKDOWN, text=model_manual(catalog))
    name = unquote(uri.removeprefix(_COLLECTION).removeprefix(_VIEW))
    if uri.startswith(_COLLECTION) and name in catalog.collections:
        return TextResourceContents(uri=uri, mime_type=_DECLARATION, text=collection_text(catalog.collections[name]))
    if uri.startswith(_VIEW) and name in catalog.views:
        return TextResourceContents(uri=uri, mime_type=_DECLARATION, text=view_text(catalog.views[name]))
    raise MCPError(
        INVALID_PARAMS, f"there is no resource {uri:.200}; resources/list has those that there are", {"uri": uri}
    )
