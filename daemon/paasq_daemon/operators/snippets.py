"""snippet() and highlight(): what of a text answers the last match."""

from __future__ import annotations

from paasq_daemon.index.column import Column, Flat
from paasq_daemon.index.snippets import Snippet
from paasq_daemon.kernels.build import from_values, to_values
from paasq_daemon.kernels.evaluate import Rows
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.run import Run
from paasq_dsl.syntax.matchtext import MatchText
from paasq_dsl.types import TEXT, Kind
from paasq_dsl.values import Value

NO_WORDS = MatchText(())
MARKS = "«»"


def snippets(run: Run, rows: Rows, column: Column, chars: int | None, *, marked: bool) -> Column:
    """One text of at most `chars` characters a row; null where the text is; without `chars` the whole text. Without a match
    before, its beginning. `marked`: with the words of the match between « and »."""
    assert isinstance(column, Flat)
    source = rows.source if isinstance(rows, Batch) else None
    fields = source.collection.of_kind(Kind.TEXT) if source else ()
    # the analyzer is what matters, and fields of one language share it
    field = next((f.name for f in fields if f.type == column.type), fields[0].name if fields else None)
    found: list[Value] = []
    for text in to_values(column):
        if not isinstance(text, str) or source is None or field is None:
            found.append(text if text is None else str(text)[:chars])
            continue
        run.cancel.check()
        # line breaks of a file say nothing in a line of an answer
        shown = text if chars is None else " ".join(text.split())
        part = source.text.snippet(run.match or NO_WORDS, field, shown, len(shown) if chars is None else chars)
        found.append(_marked(part) if marked else part.text)
    return from_values(TEXT, found)


def _marked(part: Snippet) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in part.highlights:
        if start >= done:  # a word may answer two words of the match
            pieces += [part.text[done:start], MARKS[0], part.text[start:end], MARKS[1]]
            done = end
    return "".join([*pieces, part.text[done:]])
