"""An estimate of the tokens that an answer takes in the context of a language model: four characters each of its JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from paasq_daemon.wire.answer import Answer, ColumnInfo
from paasq_daemon.wire.value_codecs import codec
from paasq_dsl.values import format_time

CHARACTERS_PER_TOKEN = 4  # of English text
# An estimate is part of what it measures, and so is the time: both count as numbers of this length.
_ELAPSED_MS, _TOKENS = 1.234, 1_000
_PLAIN = frozenset({"keyword", "text", "link", "int", "bool", "vector"})  # types whose values JSON has as they are


def estimate_tokens(answer: Answer) -> int:
    """The tokens of an answer as it is sent: rows, columns, facets and labels."""
    measure = answer_measure(answer.columns)
    return tokens_of(measure.labels(answer) + measure.rows(answer.rows))


def tokens_of(characters: int) -> int:
    """How many tokens so many characters are."""
    return -(-characters // CHARACTERS_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class AnswerMeasure:
    """Counts the characters of the JSON of answers that have these columns."""

    columns: int  # the characters of the list of columns, and of all that is the same in each answer
    names: int  # the characters that a row has beside those of a list of its values
    prepare: tuple[
        tuple[int, Callable[[Any], Any]], ...
    ]  # what is as long as JSON, of the columns that are not so already

    def labels(self, answer: Answer) -> int:
        """Of all but the rows."""
        return self.columns + json_characters({**answer.labels_to_json(), "elapsed_ms": _ELAPSED_MS, "tokens": _TOKENS})

    def row(self, row: Sequence[Any]) -> int:
        """Of one row of engine values and the comma behind it."""
        return json_characters(self._prepared(row)) + self.names + 1

    def rows(self, rows: Sequence[Sequence[Any]]) -> int:
        """Of all rows with the commas between, faster than one by one."""
        if not rows:
            return 0
        prepared = [self._prepared(row) for row in rows] if self.prepare else rows
        return json_characters(prepared) - len("[]") + self.names * len(rows)

    def _prepared(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for at, encode in self.prepare:
            values[at] = encode(values[at])
        return values


@lru_cache(maxsize=512)
def answer_measure(columns: tuple[ColumnInfo, ...]) -> AnswerMeasure:
    """The measure of answers of these columns."""
    always = {"columns": [{"name": column.name, "type": column.type} for column in columns], "rows": []}
    names = sum(json_characters(column.name) + 1 for column in columns)
    encoders = [(at, _encoder(column.type)) for at, column in enumerate(columns)]
    prepare = tuple((at, encode) for at, encode in encoders if encode is not None)
    return AnswerMeasure(json_characters(always) - 1, names, prepare)


def json_characters(value: Any) -> int:
    """The characters of a JSON value as it is sent, without spaces."""
    try:
        written = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:  # it can't be sent, and whoever asks in this process may read it all the same
        return len(repr(value))
    return len(written) if written.isascii() else len(written.decode())


def _encoder(type_: str) -> Callable[[Any], Any] | None:
    """None where the values are as they are in JSON."""
    if type_.strip("[]").partition("(")[0].partition("<")[0] in _PLAIN:
        return None
    return _time_stand_in if type_ == "time" else codec(type_).encode


def _time_stand_in(value: Any) -> Any:
    """As long as the time is as text; where it has no part of a second, which most have not, it need not be written."""
    if value is None:
        return None
    return "9999-12-31T23:59:59Z" if value % 1_000_000 == 0 else format_time(value)
