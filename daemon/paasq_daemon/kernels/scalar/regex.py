"""Regular expressions by RE2, whose time is linear in the text for any pattern; Python's backtracking matcher can take
exponential time.

Null where an argument is null. All raise EvaluationError PQ0770 for an invalid pattern, PQ0773 for one longer than
PATTERN_CHARACTERS_MAX.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # it has no stubs

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import map_values
from paasq_daemon.kernels.output_limits import MemoryLimit
from paasq_dsl.source_text import Span
from paasq_dsl.types import BOOL, TEXT, list_of
from paasq_dsl.values import Value

PATTERN_CHARACTERS_MAX = 1_000
MEMORY_BYTES_MAX = 4 << 20  # of one compiled pattern
_PATTERNS_KEPT = 128
_PARTS = re.compile(r"([^\\]+)|(\\.?)", re.DOTALL)


@scalar_kernel("matches")
def matches(call: KernelCall, text: Column, pattern: Column) -> Column:
    """FlatColumn[bool]: whether the pattern matches somewhere in the text."""

    def fits(value: str, regex: str) -> Value:
        return _compiled(regex, call.span).search(value.encode()) is not None

    return map_values(BOOL, fits, text, pattern)


@scalar_kernel("extract")
def extract(call: KernelCall, text: Column, pattern: Column, group: Column | None = None) -> Column:
    """FlatColumn[text]: a group of the first match: number `group` (0: all of it), by default the first group or all
    where the pattern has none; null where nothing matches.

    Raises EvaluationError PQ0771 where the pattern has no such group.
    """

    def extracted(value: str, regex: str, number: int | None = None) -> Value:
        compiled = _compiled(regex, call.span)
        number = _first_group(compiled) if number is None else number
        if not 0 <= number <= compiled.groups:
            raise EvaluationError("PQ0771", call.span, pattern=repr(regex), groups=compiled.groups, number=number)
        found = compiled.search(value.encode())
        return None if found is None or found[number] is None else found[number].decode()

    return map_values(TEXT, extracted, text, pattern, *(() if group is None else (group,)))


@scalar_kernel("extract_all")
def extract_all(call: KernelCall, text: Column, pattern: Column) -> Column:
    """ListColumn[text]: the first group of each match, or all of it where the pattern has no groups; null items for
    groups that took no part.
    """

    def extracted(value: str, regex: str) -> Value:
        compiled = _compiled(regex, call.span)
        number = _first_group(compiled)
        return [None if m[number] is None else m[number].decode() for m in _places(compiled, value.encode())]

    return map_values(list_of(TEXT), extracted, text, pattern)


@scalar_kernel("replace_regex")
def replace_regex(call: KernelCall, text: Column, pattern: Column, new: Column) -> Column:
    r"""FlatColumn[text]: each match replaced; in `new` \1 is the first group, \0 the match, \\ a backslash.

    Raises EvaluationError PQ0772 for another escape, PQ0796 where a text, PQ0795 where all texts together get too long.
    """
    limit = MemoryLimit("replace_regex", call.span)

    def replaced(value: str, regex: str, other: str) -> Value:
        compiled, made = _compiled(regex, call.span), len(value)

        def expanded(found: Any) -> bytes:
            nonlocal made
            part = b"".join(p if isinstance(p, bytes) else found[p] or b"" for p in parts)
            made += len(part)
            limit.check_text(made)
            return part

        parts = _replacement(other, compiled.groups, call.span)
        data, kept, end = value.encode(), list[bytes](), 0
        for found in _places(compiled, data):
            kept += [data[end : found.start()], expanded(found)]
            end = found.end()
        result = b"".join([*kept, data[end:]])
        limit.reserve(len(result))
        return result.decode()

    return map_values(TEXT, replaced, text, pattern, new)


def _places(compiled: Any, data: bytes) -> Iterator[Any]:
    """Each place that fits, once: the library finds nothing at the very end twice."""
    before: tuple[int, int] | None = None
    for found in compiled.finditer(data):
        if found.span() != before:
            yield found
        before = found.span()


def _replacement(text: str, groups: int, span: Span) -> list[bytes | int]:
    r"""Literal bytes and group numbers, in order: `\1` is the first, `\0` the whole, `\\` a backslash."""
    parts: list[bytes | int] = []
    for plain, escape in _PARTS.findall(text):
        digit = escape[1:]
        if escape and not (digit == "\\" or (digit.isdecimal() and int(digit) <= groups)):
            raise EvaluationError("PQ0772", span, escape=repr(escape), groups=groups)
        parts.append(plain.encode() if not escape else int(digit) if digit.isdecimal() else b"\\")
    return parts


def _first_group(compiled: Any) -> int:
    return min(int(compiled.groups), 1)


def _compiled(pattern: str, span: Span) -> Any:
    if len(pattern) > PATTERN_CHARACTERS_MAX:
        raise EvaluationError("PQ0773", span, most=f"{PATTERN_CHARACTERS_MAX:,}")
    try:
        return _compile(pattern.encode())
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise EvaluationError("PQ0770", span, pattern=repr(pattern), reason=reason) from None


@lru_cache(_PATTERNS_KEPT)
def _compile(pattern: bytes) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY_BYTES_MAX
    return re2.compile(pattern, options)
