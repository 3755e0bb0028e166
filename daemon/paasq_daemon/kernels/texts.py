"""Functions over strings. A position counts characters from 0."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.build import from_values, to_values
from paasq_daemon.kernels.conversion import written
from paasq_daemon.kernels.errors import KernelError, shown
from paasq_daemon.kernels.operands import map_values, mask_column, null_of, numbers, rows_of
from paasq_daemon.kernels.room import Room
from paasq_daemon.kernels.run import Call, Shown, kernel
from paasq_dsl.types import BOOL, INT, TEXT, list_of
from paasq_dsl.values import Value

SNIPPET_CHARACTERS = 200
CHARACTERS_MAX = (
    1_000_000  # of what replace, repeat and the like make: without a limit a short query could fill the memory
)
_PLACE = re.compile(r"\{\{|\}\}|\{(\d{1,3})\}")
_NO_LETTERS = re.compile(r"[\W_]+")


@kernel("lower")
def lower(_: Call, text: Column) -> Column:
    return map_values(TEXT, str.lower, text)


@kernel("upper")
def upper(_: Call, text: Column) -> Column:
    return map_values(TEXT, str.upper, text)


@kernel("trim")
def trim(_: Call, text: Column) -> Column:
    return map_values(TEXT, str.strip, text)


@kernel("trim_start")
def trim_start(_: Call, text: Column) -> Column:
    return map_values(TEXT, str.lstrip, text)


@kernel("trim_end")
def trim_end(_: Call, text: Column) -> Column:
    return map_values(TEXT, str.rstrip, text)


@kernel("title_case")
def title_case(_: Call, text: Column) -> Column:
    return map_values(TEXT, lambda t: re.sub(r"\S+", lambda word: word[0].capitalize(), t), text)


@kernel("is_blank")
def is_blank(_: Call, text: Column) -> Column:
    found = map_values(BOOL, lambda t: not t or t.isspace(), text)
    return mask_column(numbers(found).astype(np.bool_) | null_of(text))


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


@kernel("format")
def format_(call: Call, template: Column, *operands: Column) -> Column:
    """`{0}` is the first operand; a null one adds nothing."""
    room = Room("format", call.span)

    def filled(text: str, *parts: str) -> Value:
        def part(place: re.Match[str]) -> str:
            if place[1] is None:
                return place[0][0]
            if int(place[1]) >= len(parts):
                raise KernelError("PQ0769", call.span, place=place[0])
            return parts[int(place[1])]

        room.take_text(sum(map(len, parts)) * text.count("{") + len(text))
        return _PLACE.sub(part, text)

    texts = [from_values(TEXT, ["" if v is None else v for v in to_values(written(o))]) for o in operands]
    return map_values(TEXT, filled, template, *texts)


@kernel("replace")
def replace(call: Call, text: Column, old: Column, new: Column) -> Column:
    room = Room("replace", call.span)

    def replaced(value: str, part: str, other: str) -> Value:
        if not part:
            return value
        room.take_text(len(value) + value.count(part) * len(other))
        return value.replace(part, other)

    return map_values(TEXT, replaced, text, old, new)


@kernel("repeat")
def repeat(call: Call, text: Column, times: Column) -> Column:
    room = Room("repeat", call.span)

    def repeated(value: str, count: int) -> Value:
        room.take_text(len(value) * max(count, 0))
        return value * count

    return map_values(TEXT, repeated, text, times)


@kernel("pad_start")
def pad_start(call: Call, text: Column, size: Column, filler: Column | None = None) -> Column:
    room = Room("pad_start", call.span)

    def padded(value: str, count: int, fill: str = " ") -> Value:
        return _padding(room, count - len(value), fill) + value

    return map_values(TEXT, padded, text, size, *(() if filler is None else (filler,)))


@kernel("pad_end")
def pad_end(call: Call, text: Column, size: Column, filler: Column | None = None) -> Column:
    room = Room("pad_end", call.span)

    def padded(value: str, count: int, fill: str = " ") -> Value:
        return value + _padding(room, count - len(value), fill)

    return map_values(TEXT, padded, text, size, *(() if filler is None else (filler,)))


@kernel("left")
def left(_: Call, text: Column, count: Column) -> Column:
    return map_values(TEXT, lambda t, n: t[: max(n, 0)], text, count)


@kernel("right")
def right(_: Call, text: Column, count: Column) -> Column:
    return map_values(TEXT, lambda t, n: t[-n:] if n > 0 else "", text, count)


@kernel("substring")
def substring(_: Call, text: Column, start: Column, count: Column | None = None) -> Column:
    """A position before the first character counts as the first."""
    return map_values(TEXT, _substring, text, start, *(() if count is None else (count,)))


@kernel("split")
def split(_: Call, text: Column, separator: Column) -> Column:
    """The empty separator stands nowhere: the text is the one part."""
    return map_values(list_of(TEXT), lambda t, s: t.split(s) if s else [t], text, separator)


@kernel("lines")
def lines(_: Call, text: Column) -> Column:
    return map_values(list_of(TEXT), lambda t: [*t.splitlines()], text)


@kernel("remove_accents")
def remove_accents(_: Call, text: Column) -> Column:
    return map_values(TEXT, without_accents, text)


@kernel("slug")
def slug(_: Call, text: Column) -> Column:
    return map_values(TEXT, lambda t: _NO_LETTERS.sub("-", without_accents(t).lower()).strip("-"), text)


@kernel("words")
def words(_: Call, text: Column) -> Column:
    return map_values(INT, lambda t: len(t.split()), text)


@kernel("snippet")
def snippet(call: Call, text: Column, characters: Column | None = None) -> Column:
    """Made where the last match is known: by the operators."""
    count = SNIPPET_CHARACTERS if characters is None else to_values(characters)[0]
    if not isinstance(count, int) or count < 1:
        raise KernelError("PQ0768", call.span, function="snippet", found=shown(count))
    return _shown(call, text, count, Shown.PART)


@kernel("highlight")
def highlight(call: Call, text: Column, characters: Column | None = None) -> Column:
    """As snippet; the whole text where no number is given."""
    count = None if characters is None else to_values(characters)[0]
    if characters is not None and (not isinstance(count, int) or count < 1):
        raise KernelError("PQ0768", call.span, function="highlight", found=shown(count))
    return _shown(call, text, count if isinstance(count, int) else None, Shown.MARKED)


def _shown(call: Call, text: Column, count: int | None, what: Shown) -> Column:
    try:
        return call.run.snippet(call.rows, text, count, what)
    except KernelError as error:  # of a write, which has no match
        raise error.at(call.span) from None


@kernel("highlights")
def highlights(call: Call, text: Column) -> Column:
    return call.run.snippet(call.rows, text, None, Shown.PLACES)


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _padding(room: Room, missing: int, fill: str) -> str:
    if missing <= 0 or not fill:
        return ""
    room.take_text(missing)
    return (fill * (missing // len(fill) + 1))[:missing]


def _substring(text: str, start: int, count: int | None = None) -> str:
    start = max(start, 0)
    return text[start:] if count is None else text[start : start + max(count, 0)]
