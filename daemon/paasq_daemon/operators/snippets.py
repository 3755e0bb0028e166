"""snippet(): the part of a text that answers the last match."""

from __future__ import annotations

from paasq_daemon.index.column import Column, Flat
from paasq_daemon.kernels.build import from_values, to_values
from paasq_daemon.kernels.evaluate import Rows
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.run import Run
from paasq_dsl.syntax.matchtext import MatchText
from paasq_dsl.types import TEXT, Kind
from paasq_dsl.values import Value

NO_WORDS = MatchText(())


def snippets(run: Run, rows: Rows, column: Column, chars: int) -> Column:
    """One text of at most `chars` characters a row; null where the text is. Without a match before, its beginning."""
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
        flowing = " ".join(text.split())  # line breaks of a file say nothing in a line of an answer
        found.append(source.text.snippet(run.match or NO_WORDS, field, flowing, chars).text)
    return from_values(TEXT, found)
