"""Times to text and back by strftime directives. Names of days and months are English, independent of the locale."""

from __future__ import annotations

import re
from datetime import datetime

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import map_values
from paasq_daemon.kernels.time.zone_transitions import require_zone
from paasq_dsl.source_text import Span
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.types import TEXT, TIME
from paasq_dsl.values import Value, is_time, to_datetime, to_micros

FORMAT_CHARACTERS_MAX = 200
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_KNOWN = frozenset("YmdHMSfyIpaAbBjVGuzZ%")
_ONLY_WRITTEN = frozenset("Z")  # a zone's short name tells no zone: IST is three of them


@scalar_kernel("format_time")
def format_time(call: KernelCall, time: Column, format_: Column, zone: Column | None = None) -> Column:
    """FlatColumn[text]: the time in the zone (UTC where None) by the format; null where an argument is null or the year
    is outside 1 to 9999.

    Raises EvaluationError PQ0774 for a format that is too long, PQ0775 for a directive not supported, PQ0704 for the
    zone.
    """

    def formatted(micros: int, form: str, name: str = DEFAULT_ZONE) -> Value:
        _check(form, call.span)
        try:
            moment = to_datetime(micros, require_zone(name, call.span))
        except OverflowError:
            return None
        return _DIRECTIVE.sub(lambda d: f"{moment.year:04}" if d[1] == "Y" else moment.strftime(d[0]), form)

    return map_values(TEXT, formatted, time, format_, *(() if zone is None else (zone,)))


@scalar_kernel("parse_time")
def parse_time(call: KernelCall, text: Column, format_: Column, zone: Column | None = None) -> Column:
    """FlatColumn[time]: int64 µs of a text in this format, read in the zone (UTC where None) unless it has an offset;
    null where the text does not match.

    Raises EvaluationError as `format_time`, and PQ0776 where a directive is repeated or is %Z.
    """

    def read(value: str, form: str, name: str = DEFAULT_ZONE) -> Value:
        directives = [d for d in _check(form, call.span) if d != "%"]
        if len(set(directives)) < len(directives) or _ONLY_WRITTEN & set(directives):
            raise EvaluationError("PQ0776", call.span, format=repr(form))
        try:
            moment = datetime.strptime(value, form)  # noqa: DTZ007 -- the zone follows
            micros = to_micros(moment if moment.tzinfo else moment.replace(tzinfo=require_zone(name, call.span)))
        except (ValueError, OverflowError):
            return None
        return micros if is_time(micros) else None

    return map_values(TIME, read, text, format_, *(() if zone is None else (zone,)))


@scalar_kernel("time_from_parts")
def time_from_parts(call: KernelCall, *parts: Column) -> Column:
    """FlatColumn[time] from year, month, day and optionally hour, minute, second (float64, rounded to microseconds) and
    zone; null where there is no such date or time of day.
    """

    def put_together(
        year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: float = 0.0, zone: str = DEFAULT_ZONE
    ) -> Value:
        try:
            whole, fraction = divmod(second, 1)
            moment = datetime(year, month, day, hour, minute, int(whole), tzinfo=require_zone(zone, call.span))
            micros = to_micros(moment) + round(fraction * 1_000_000)
        except (ValueError, OverflowError):
            return None
        return micros if is_time(micros) else None

    return map_values(TIME, put_together, *parts)


def _check(form: str, span: Span) -> list[str]:
    """The letters of the format's directives. Others than ours differ from machine to machine."""
    if len(form) > FORMAT_CHARACTERS_MAX:
        raise EvaluationError("PQ0774", span, most=FORMAT_CHARACTERS_MAX)
    found: list[str] = _DIRECTIVE.findall(form)
    unknown = next((d for d in found if d not in _KNOWN), None)
    if unknown is not None:
        letters = f"%{', %'.join(sorted(_KNOWN - {'%'}, key=str.casefold))}"
        raise EvaluationError("PQ0775", span, letter=unknown, letters=letters)
    return found
