"""Functions over strings. A position counts characters from 0."""

from __future__ import annotations

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.build import from_values, to_values
from paasq_daemon.kernels.conversion import written
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import map_values, rows_of
from paasq_daemon.kernels.room import Room
from paasq_daemon.kernels.run import Call, kernel
from paasq_dsl.types import BOOL, INT, TEXT, list_of
from paasq_dsl.values import Value

SNIPPET_CHARACTERS = 200
REPLACED_CHARACTERS_MAX = 1_000_000  # replace multiplies lengths: without a limit a short query could fill the memory


@kernel("lower")
def lower(_: Call, text: Column) -> Column:
    return map_values(TEXT, str.lower, text)


@kernel("upper")
def upper(_: Call, text: Column) -> Column:
    return map_values(TEXT, str.upper, text)


@kernel("trim")
def trim(_: Call, text: Column) -> Column:
    return map_values(TEXT, str.strip, text)


@kernel("contains")
def contains(_: Call, text: Column, part: Column) -> Column:
    return map_values(BOOL, str.__contains__, text, part)


@kernel("starts_with")
def starts_with(_: Call, text: Column, part: Column) -> Column:
    return map_values(BOOL, str.startswith, text, part)


@kernel("ends_with")
def ends_with(_: Call, text: Column, part: Column) -> Column:
    return map_values(BOOL, str.endswith, text, part)


@kernel("concat")
def concat(call: Call, *operands: Column) -> Column:
    room, rows = Room("concat", call.span), rows_of(operands)
    lists: list[list[Value]] = [to_values(written(o)) * (rows if len(o) == 1 != rows else 1) for o in operands]
    texts: list[Value] = []
    for row in zip(*lists, strict=True):
        parts = [part for part in row if isinstance(part, str)]
        room.take(sum(map(len, parts)))
        texts.append("".join(parts))
    return from_values(TEXT, texts if operands else [""])


@kernel("replace")
def replace(call: Call, text: Column, old: Column, new: Column) -> Column:
    room = Room("replace", call.span)

    def replaced(value: str, part: str, other: str) -> Value:
        made = len(value) + value.count(part) * len(other)
        room.take(made)
        if made > REPLACED_CHARACTERS_MAX:
            message = f"replace would make a text of more than {REPLACED_CHARACTERS_MAX:,} characters"
            raise KernelError("PQ0703", message, call.span)
        return value.replace(part, other) if part else value

    return map_values(TEXT, replaced, text, old, new)


@kernel("substring")
def substring(_: Call, text: Column, start: Column, count: Column | None = None) -> Column:
    """A position before the first character counts as the first."""
    return map_values(TEXT, _substring, text, start, *(() if count is None else (count,)))


@kernel("split")
def split(_: Call, text: Column, separator: Column) -> Column:
    """The empty separator stands nowhere: the text is the one part."""
    return map_values(list_of(TEXT), lambda t, s: t.split(s) if s else [t], text, separator)


@kernel("words")
def words(_: Call, text: Column) -> Column:
    return map_values(INT, lambda t: len(t.split()), text)


@kernel("snippet")
def snippet(call: Call, text: Column, characters: Column | None = None) -> Column:
    """Made where the last match is known: by the operators."""
    count = SNIPPET_CHARACTERS if characters is None else to_values(characters)[0]
    if not isinstance(count, int) or count < 1:
        raise KernelError("PQ0703", f"a snippet needs a number of characters above 0, not {count!r}", call.span)
    return call.run.snippet(call.rows, text, count)


def _substring(text: str, start: int, count: int | None = None) -> str:
    start = max(start, 0)
    return text[start:] if count is None else text[start : start + max(count, 0)]
