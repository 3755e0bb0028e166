"""The tools that find: by words and meaning, and by a text of the language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paasq_daemon.mcp.tool import READS, TOKENS, ToolCall, ToolResult, ToolSpec
from paasq_daemon.mcp.tool_results import data_result
from paasq_daemon.wire.errors import InvalidValue, ReadOnly
from paasq_daemon.wire.param_readers import ANY_OBJECT, ANY_TEXT, Param, integer, optional, text_up_to
from paasq_daemon.wire.result_schemas import ANSWER
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.schema.summary import schema_summary
from paasq_dsl.syntax.lexer import format_name, format_path
from paasq_dsl.types import TypeKind

TEXT_CHARS_MAX = 2**18  # as the daemon's
LIMIT_MAX = 100
_SNIPPET_CHARACTERS = 300
_WORDS = "_words"  # the parameter of what is looked for; a caller's own names begin with a letter
_BETWEEN = ', " · ", '
_SCHEMA_CHARACTERS_MAX = 3_000

PARAMS = optional("params", ANY_OBJECT, "values of the text's parameters by name, without the $", {})


def _describe_find(catalog: Catalog) -> str:
    told = [f"{c.name} ({c.doc})" if c.doc else c.name for c in _searchable(catalog)]
    return (
        "Search what is stored by words and by meaning; start here to recall something. Of each record its citation, "
        "`_cite`, and the part that fits best. Without `collection` all are searched, the best of each first. Collections with "
        f"text: {', '.join(told) or 'none yet'}. `get` gives a whole record."
    )


async def _find(call: ToolCall) -> ToolResult:
    given = call.arguments
    if given["collection"] is not None:
        text = _in_one(await call.store.collection(given["collection"]), given["where"], given["limit"])
    elif given["where"] is not None:
        raise InvalidValue("a condition needs the collection that it is about", "give `collection` too")
    else:
        text = _in_all(_searchable(await call.store.catalog()), given["limit"])
    answer = await call.store.read(text, {**call.params, _WORDS: given["words"]}, given["tokens"])
    return data_result(answer.to_json())


def _searchable(catalog: Catalog) -> list[Collection]:
    return [c for c in catalog.collections.values() if c.fields_of_kind(TypeKind.TEXT)]


def _in_one(collection: Collection, condition: str | None, limit: int) -> str:
    where = "" if condition is None else f"\n| where (\n{condition}\n)"
    columns = ", ".join(["_cite", "_score", *_columns(collection)])
    return f"from {format_name(collection.name)}{where}\n| find ${_WORDS} | take {limit} | cite | select {columns}"


def _columns(collection: Collection) -> Iterator[str]:
    """All that is shown of a record: of a long text the part that fits."""
    for name, type_ in collection.record_types.items():
        if type_.kind is TypeKind.TEXT:
            yield f"{format_name(name)} = snippet({format_name(name)}, {_SNIPPET_CHARACTERS})"
        elif type_.kind is not TypeKind.VECTOR:
            yield format_name(name)


def _in_all(collections: Sequence[Collection], limit: int) -> str:
    """Scores of two collections can't be compared, places can: the best of each come first."""
    if not collections:
        raise InvalidValue("no collection has a text field, so there is nothing to search", "use `query`")
    first, *others = (_placed(collection, limit) for collection in collections)
    union = f"\n| union {', '.join(f'({each})' for each in others)}" if others else ""
    return f"{first}{union}\n| sort place | take {limit}"


def _placed(collection: Collection, limit: int) -> str:
    names = [format_path(f.name) for f in collection.fields_of_kind(TypeKind.TEXT)]
    whole = names[0] if len(names) == 1 else f"concat({_BETWEEN.join(names)})"
    fitting = f"text = snippet({whole}, {_SNIPPET_CHARACTERS})"
    ranked = f"from {format_name(collection.name)} | find ${_WORDS} | take {limit} | extend place = row_number()"
    return f"{ranked} | cite | select _cite, place, {fitting}"


def _describe_query(catalog: Catalog) -> str:
    return (
        "Run a query of the paasq language, for all that `find` can't: filters, sorting, counts, time series, links, facets, "
        "the store as it was. It can't write. Call `schema` once for the language. Pattern: from COLLECTION | where CONDITION "
        "| find $words | sort FIELD desc | take 10 | select A, b = LINK->FIELD; or | summarize n = count() by FIELD. "
        "Conditions use ==, and, or, not, in, has; times are @today - 7d. Put values that you read into `params`. Where an "
        "answer has a `cursor`, the same text with | page 20 after $cursor goes on. Where records are the "
        f"rows, `_cite` is added. Collections:\n{schema_summary(catalog, _SCHEMA_CHARACTERS_MAX) or 'none yet'}"
    )


async def _query(call: ToolCall) -> ToolResult:
    text, params = call.arguments["text"], call.params
    cited = f"{text.rstrip().removesuffix(';')}\n| cite"
    if not any(each["severity"] == "error" for each in await call.store.check(cited)):
        text = cited
    try:
        answer = await call.store.read(text, params, call.arguments["tokens"])
    except ReadOnly as error:
        raise ReadOnly(
            error.message, "query only reads; `remember` and `patch` write, where the server has them"
        ) from None
    return data_result(answer.to_json())


FIND = ToolSpec(
    "find",
    "Find by words and meaning",
    _describe_find,
    (
        Param("words", ANY_TEXT, "what to look for: words, or a question"),
        optional("collection", ANY_TEXT, "search this one alone, and show its fields"),
        optional(
            "where", ANY_TEXT, 'a condition of the language on its records: at >= @today - 7d and labels has "work"'
        ),
        optional("params", ANY_OBJECT, "values of the condition's parameters by name, without the $", {}),
        optional("limit", integer(1, LIMIT_MAX), "records at most", 8),
        TOKENS,
    ),
    ANSWER,
    READS,
    _find,
)

QUERY = ToolSpec(
    "query",
    "Query",
    _describe_query,
    (Param("text", text_up_to(TEXT_CHARS_MAX), "a text of the language"), PARAMS, TOKENS),
    ANSWER,
    READS,
    _query,
)
