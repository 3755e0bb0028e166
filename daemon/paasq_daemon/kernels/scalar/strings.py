"""Functions over strings. Positions and sizes count code points, positions from 0. Null where an argument is null."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.columns import column_from_values, column_to_values
from paasq_daemon.kernels.context import KernelCall, SnippetMode, scalar_kernel
from paasq_daemon.kernels.errors import EvaluationError, shown
from paasq_daemon.kernels.operands import bool_column, map_values, null_mask, numeric_values, row_count
from paasq_daemon.kernels.output_limits import MemoryLimit
from paasq_daemon.kernels.scalar.cast import cast_to_text
from paasq_dsl.types import BOOL, INT, TEXT, list_of
from paasq_dsl.values import Value

SNIPPET_CHARACTERS = 200
CHARACTERS_MAX = (
    1_000_000  # of what replace, repeat and the like make: without a limit a short query could fill the memory
)
_PLACE = re.compile(r"\{\{|\}\}|\{(\d{1,3})\}")
_NO_LETTERS = re.compile(r"[\W_]+")


@scalar_kernel("lower")
def lower(_: KernelCall, text: Column) -> Column:
    """The text in lower case (Unicode, no locale)."""
    return map_values(TEXT, str.lower, text)


@scalar_kernel("upper")
def upper(_: KernelCall, text: Column) -> Column:
    """The text in upper case (Unicode, no locale)."""
    return map_values(TEXT, str.upper, text)


@scalar_kernel("trim")
def trim(_: KernelCall, text: Column) -> Column:
    """The text without white space at either end."""
    return map_values(TEXT, str.strip, text)


@scalar_kernel("trim_start")
def trim_start(_: KernelCall, text: Column) -> Column:
    """The text without white space at its start."""
    return map_values(TEXT, str.lstrip, text)


@scalar_kernel("trim_end")
def trim_end(_: KernelCall, text: Column) -> Column:
    """The text without white space at its end."""
    return map_values(TEXT, str.rstrip, text)


@scalar_kernel("title_case")
def title_case(_: KernelCall, text: Column) -> Column:
    """Each run of non-space characters with its first letter in title case and the others in lower case."""
    return map_values(TEXT, lambda t: re.sub(r"\S+", lambda word: word[0].capitalize(), t), text)


@scalar_kernel("is_blank")
def is_blank(_: KernelCall, text: Column) -> Column:
    """FlatColumn[bool] without nulls: whether the text is null, empty or white space only."""
    found = map_values(BOOL, lambda t: not t or t.isspace(), text)
    return bool_column(numeric_values(found).astype(np.bool_) | null_mask(text))


@scalar_kernel("contains")
def contains(_: KernelCall, text: Column, part: Column) -> Column:
    """FlatColumn[bool]: whether `part` is a substring; case-sensitive."""
    return map_values(BOOL, str.__contains__, text, part)


@scalar_kernel("starts_with")
def starts_with(_: KernelCall, text: Column, part: Column) -> Column:
    """FlatColumn[bool]: whether `part` is a prefix; case-sensitive."""
    return map_values(BOOL, str.startswith, text, part)


@scalar_kernel("ends_with")
def ends_with(_: KernelCall, text: Column, part: Column) -> Column:
    """FlatColumn[bool]: whether `part` is a suffix; case-sensitive."""
    return map_values(BOOL, str.endswith, text, part)


@scalar_kernel("concat")
def concat(call: KernelCall, *operands: Column) -> Column:
    """FlatColumn[text]: the operands as text (`cast_to_text`), concatenated; a null adds nothing.

    Raises EvaluationError PQ0795 above OUTPUT_CHARACTERS_MAX characters in all rows.
    """
    limit, rows = MemoryLimit("concat", call.span), row_count(operands)
    lists: list[list[Value]] = [
        column_to_values(cast_to_text(o)) * (rows if len(o) == 1 != rows else 1) for o in operands
    ]
    texts: list[Value] = []
    for row in zip(*lists, strict=True):
        parts = [part for part in row if isinstance(part, str)]
        limit.reserve(sum(map(len, parts)))
        texts.append("".join(parts))
    return column_from_values(TEXT, texts if operands else [""])


@scalar_kernel("format")
def format_(call: KernelCall, template: Column, *operands: Column) -> Column:
    """FlatColumn[text]: the template with {0}, {1}, ... replaced by the operands as text; a null operand adds nothing,
    {{ is {.

    Raises EvaluationError PQ0769 for a number without an operand, PQ0796 or PQ0795 where texts get too long.
    """
    limit = MemoryLimit("format", call.span)

    def filled(text: str, *parts: str) -> Value:
        def part(place: re.Match[str]) -> str:
            if place[1] is None:
                return place[0][0]
            if int(place[1]) >= len(parts):
                raise EvaluationError("PQ0769", call.span, place=place[0])
            return parts[int(place[1])]

        limit.reserve_text(sum(map(len, parts)) * text.count("{") + len(text))
        return _PLACE.sub(part, text)

    texts = [
        column_from_values(TEXT, ["" if v is None else v for v in column_to_values(cast_to_text(o))]) for o in operands
    ]
    return map_values(TEXT, filled, template, *texts)


@scalar_kernel("replace")
def replace(call: KernelCall, text: Column, old: Column, new: Column) -> Column:
    """FlatColumn[text]: every non-overlapping `old` replaced by `new`; an empty `old` replaces nothing.

    Raises EvaluationError PQ0796 where a text, PQ0795 where all texts together get too long.
    """
    limit = MemoryLimit("replace", call.span)

    def replaced(value: str, part: str, other: str) -> Value:
        if not part:
            return value
        limit.reserve_text(len(value) + value.count(part) * len(other))
        return value.replace(part, other)

    return map_values(TEXT, replaced, text, old, new)


@scalar_kernel("repeat")
def repeat(call: KernelCall, text: Column, times: Column) -> Column:
    """FlatColumn[text]: the text `times` times, empty where that is not positive. Limits as in `replace`."""
    limit = MemoryLimit("repeat", call.span)

    def repeated(value: str, count: int) -> Value:
        limit.reserve_text(len(value) * max(count, 0))
        return value * count

    return map_values(TEXT, repeated, text, times)


@scalar_kernel("pad_start")
def pad_start(call: KernelCall, text: Column, size: Column, filler: Column | None = None) -> Column:
    """The text padded at its start to `size` characters with `filler` (a space); longer texts unchanged. Limits as in
    `replace`.
    """
    limit = MemoryLimit("pad_start", call.span)

    def padded(value: str, count: int, fill: str = " ") -> Value:
        return _padding(limit, count - len(value), fill) + value

    return map_values(TEXT, padded, text, size, *(() if filler is None else (filler,)))


@scalar_kernel("pad_end")
def pad_end(call: KernelCall, text: Column, size: Column, filler: Column | None = None) -> Column:
    """The text padded at its end to `size` characters with `filler` (a space); longer texts unchanged. Limits as in `replace`."""
    limit = MemoryLimit("pad_end", call.span)

    def padded(value: str, count: int, fill: str = " ") -> Value:
        return value + _padding(limit, count - len(value), fill)

    return map_values(TEXT, padded, text, size, *(() if filler is None else (filler,)))


@scalar_kernel("left")
def left(_: KernelCall, text: Column, count: Column) -> Column:
    """The first `count` characters; empty where that is not positive."""
    return map_values(TEXT, lambda t, n: t[: max(n, 0)], text, count)


@scalar_kernel("right")
def right(_: KernelCall, text: Column, count: Column) -> Column:
    """The last `count` characters; empty where that is not positive."""
    return map_values(TEXT, lambda t, n: t[-n:] if n > 0 else "", text, count)


@scalar_kernel("substring")
def substring(_: KernelCall, text: Column, start: Column, count: Column | None = None) -> Column:
    """The characters from `start` on, `count` of them or to the end. Negative numbers count as 0."""
    return map_values(TEXT, _substring, text, start, *(() if count is None else (count,)))


@scalar_kernel("split")
def split(_: KernelCall, text: Column, separator: Column) -> Column:
    """ListColumn[text]: the parts between separators; with an empty separator the whole text is the one part."""
    return map_values(list_of(TEXT), lambda t, s: t.split(s) if s else [t], text, separator)


@scalar_kernel("lines")
def lines(_: KernelCall, text: Column) -> Column:
    """ListColumn[text]: the lines without their line ends (`str.splitlines`)."""
    return map_values(list_of(TEXT), lambda t: [*t.splitlines()], text)


@scalar_kernel("remove_accents")
def remove_accents(_: KernelCall, text: Column) -> Column:
    """The text by `strip_accents`."""
    return map_values(TEXT, strip_accents, text)


@scalar_kernel("slug")
def slug(_: KernelCall, text: Column) -> Column:
    """Lower-case letters and digits without accents, everything between them as one hyphen."""
    return map_values(TEXT, lambda t: _NO_LETTERS.sub("-", strip_accents(t).lower()).strip("-"), text)


@scalar_kernel("words")
def words(_: KernelCall, text: Column) -> Column:
    """FlatColumn[int64]: the number of words separated by white space."""
    return map_values(INT, lambda t: len(t.split()), text)


@scalar_kernel("snippet")
def snippet(call: KernelCall, text: Column, characters: Column | None = None) -> Column:
    """The best part of each text for the last match or near stage, in at most `characters` (SNIPPET_CHARACTERS)
    characters.

    Raises EvaluationError PQ0768 where that is not a positive int.
    """
    count = SNIPPET_CHARACTERS if characters is None else column_to_values(characters)[0]
    if not isinstance(count, int) or count < 1:
        raise EvaluationError("PQ0768", call.span, function="snippet", found=shown(count))
    return _snippets(call, text, count, SnippetMode.PART)


@scalar_kernel("highlight")
def highlight(call: KernelCall, text: Column, characters: Column | None = None) -> Column:
    """As `snippet`, with the matches between « and »; the whole text where no number is given."""
    count = None if characters is None else column_to_values(characters)[0]
    if characters is not None and (not isinstance(count, int) or count < 1):
        raise EvaluationError("PQ0768", call.span, function="highlight", found=shown(count))
    return _snippets(call, text, count if isinstance(count, int) else None, SnippetMode.MARKED)


@scalar_kernel("highlights")
def highlights(call: KernelCall, text: Column) -> Column:
    """ListColumn[int64]: start and end of each match in the text, in characters, alternating."""
    return call.context.snippet(call.rows, text, None, SnippetMode.PLACES)


def _snippets(call: KernelCall, text: Column, count: int | None, mode: SnippetMode) -> Column:
    try:
        return call.context.snippet(call.rows, text, count, mode)
    except EvaluationError as error:  # of a write, which has no match
        raise error.at(call.span) from None


def strip_accents(text: str) -> str:
    """NFKD without combining characters: accents go, compatibility forms (ligatures, full width) become plain ones."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _padding(limit: MemoryLimit, missing: int, fill: str) -> str:
    if missing <= 0 or not fill:
        return ""
    limit.reserve_text(missing)
    return (fill * (missing // len(fill) + 1))[:missing]


def _substring(text: str, start: int, count: int | None = None) -> str:
    start = max(start, 0)
    return text[start:] if count is None else text[start : start + max(count, 0)]
