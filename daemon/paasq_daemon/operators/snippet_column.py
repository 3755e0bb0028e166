"""snippet(), highlight() and highlights(): what of a text answers the last match."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from paasq_daemon.index.column import Column
from paasq_daemon.index.snippet_selection import Snippet
from paasq_daemon.kernels.columns import column_from_values, column_to_values
from paasq_daemon.kernels.context import SnippetMode
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import RowSet
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import ExecutionContext
from paasq_dsl.syntax.match_query import MatchQuery
from paasq_dsl.types import INT, TEXT, TypeKind, list_of
from paasq_dsl.values import Value

EMPTY_MATCH = MatchQuery(())
HIGHLIGHT_MARKS = "«»"


def snippet_column(
    context: ExecutionContext, rows: RowSet, column: Column, chars: int | None, shown: SnippetMode
) -> Column:
    """What is shown of each text: of at most `chars` characters of it, or of the whole; null where the text is. Without a
    match before, its beginning. Words of the match are marked by « and »."""
    source = rows.source if isinstance(rows, Batch) else None
    fields = source.collection.fields_of_kind(TypeKind.TEXT) if source else ()
    # the analyzer is what matters, and fields of one language share it
    field = next((f.name for f in fields if f.type == column.type), fields[0].name if fields else None)
    found: list[Value] = []
    for text in column_to_values(column):
        if not isinstance(text, str):
            found.append(None)
            continue
        check = context.cancel.raise_if_cancelled
        check()
        if source is not None and field is not None:
            part = source.text.snippet(context.match or EMPTY_MATCH, field, text, chars, check)
        else:
            part = Snippet(text if chars is None else " ".join(text.split())[:chars])
        found.append(_SHOW[shown](part))
    return column_from_values(list_of(INT) if shown is SnippetMode.PLACES else TEXT, found)


def no_snippets(*_: object, **__: object) -> Column:
    """In place of `snippet_column` where nothing was matched before. Raises EvaluationError."""
    raise EvaluationError("PQ0742")


def _marked(part: Snippet) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in part.highlights:
        pieces += [part.text[done:start], HIGHLIGHT_MARKS[0], part.text[start:end], HIGHLIGHT_MARKS[1]]
        done = end
    return "".join([*pieces, part.text[done:]])


def _places(part: Snippet) -> list[Value]:
    return [place for pair in part.highlights for place in pair]


_SHOW: Mapping[SnippetMode, Callable[[Snippet], Value]] = {
    SnippetMode.PART: lambda part: part.text,
    SnippetMode.MARKED: _marked,
    SnippetMode.PLACES: _places,
}
