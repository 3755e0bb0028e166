"""snippet(), highlight() and highlights(): what of a text answers the last match."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from paasq_daemon.index.column import Column, Flat
from paasq_daemon.index.snippet_selection import Snippet
from paasq_daemon.kernels.columns import from_values, to_values
from paasq_daemon.kernels.context import Shown
from paasq_daemon.kernels.evaluate import Rows
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run
from paasq_dsl.syntax.match_query import MatchText
from paasq_dsl.types import INT, TEXT, Kind, list_of
from paasq_dsl.values import Value

NO_WORDS = MatchText(())
MARKS = "«»"


def snippets(run: Run, rows: Rows, column: Column, chars: int | None, shown: Shown) -> Column:
    """What is shown of each text: of at most `chars` characters of it, or of the whole; null where the text is. Without a
    match before, its beginning. Words of the match are marked by « and »."""
    assert isinstance(column, Flat)
    source = rows.source if isinstance(rows, Batch) else None
    fields = source.collection.of_kind(Kind.TEXT) if source else ()
    # the analyzer is what matters, and fields of one language share it
    field = next((f.name for f in fields if f.type == column.type), fields[0].name if fields else None)
    found: list[Value] = []
    for text in to_values(column):
        if not isinstance(text, str):
            found.append(None)
            continue
        run.cancel.check()
        # line breaks of a file say nothing in a line of an answer
        line = text if chars is None else " ".join(text.split())
        part = Snippet(line[:chars])
        if source is not None and field is not None:
            part = source.text.snippet(run.match or NO_WORDS, field, line, len(line) if chars is None else chars)
        found.append(_SHOW[shown](part))
    return from_values(list_of(INT) if shown is Shown.PLACES else TEXT, found)


def _marked(part: Snippet) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in part.highlights:
        pieces += [part.text[done:start], MARKS[0], part.text[start:end], MARKS[1]]
        done = end
    return "".join([*pieces, part.text[done:]])


def _places(part: Snippet) -> list[Value]:
    return [place for pair in part.highlights for place in pair]


_SHOW: Mapping[Shown, Callable[[Snippet], Value]] = {
    Shown.PART: lambda part: part.text,
    Shown.MARKED: _marked,
    Shown.PLACES: _places,
}
