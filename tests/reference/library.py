"""The larger part of the functions, one value at a time, by other means than the kernels where there are any."""

from __future__ import annotations

import binascii
import hashlib
import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlparse
from zoneinfo import ZoneInfo

import xxhash

from paasq_dsl.bound import FunctionCall
from paasq_dsl.types import Type, TypeKind
from paasq_dsl.values import Duration, format_time, parse_duration, to_datetime, to_micros

MONTH_MICROS = 365.2425 * 86_400_000_000 / 12  # where a month needs a length: a twelfth of the Gregorian year


def written(value: Any, type_: Type) -> str:
    """A value that is not null as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        item = type_.item or type_
        return f"[{', '.join('null' if v is None else written(v, item) for v in value)}]"
    if isinstance(value, bytes):
        return binascii.b2a_base64(value, newline=False).decode()
    return format_time(value) if type_.kind is TypeKind.TIME else str(value)


def raw(value: Any) -> bytes:
    """Bytes, or those of a text."""
    return value if isinstance(value, bytes) else str(value).encode()


def _unbase64(text: str) -> bytes | None:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # binascii.Error, or what is not of ASCII
        return None


def length_us(length: Duration) -> int:
    return round(length.months * MONTH_MICROS) + length.micros


def place(value: Any) -> Any:
    """What a value is ordered and told apart by; null last."""
    if value is None:
        return (1,)
    return (0, length_us(value) if isinstance(value, Duration) else value)


def _local(time: int, zone: str = "UTC") -> datetime:
    return to_datetime(time, ZoneInfo(zone))


def shown(time: int, zone: str) -> int:
    """What the clocks of a zone show, as microseconds of a clock that shows UTC's digits."""
    return to_micros(_local(time, zone).replace(tzinfo=None))


def instant(clock: int, zone: str) -> int:
    """The first time at which the clocks show this."""
    return to_micros(to_datetime(clock).replace(tzinfo=ZoneInfo(zone)))


def _part(compute: Callable[[datetime], Any]) -> Callable[..., Any]:
    return lambda time, zone="UTC": compute(_local(time, zone))


def _start(moment: datetime, unit: str) -> datetime:
    """By the wall clock, without a zone."""
    day = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 -- a wall clock's
    return {
        "second": moment.replace(microsecond=0),
        "minute": moment.replace(second=0, microsecond=0),
        "hour": moment.replace(minute=0, second=0, microsecond=0),
        "day": day,
        "week": day - timedelta(days=moment.weekday()),
        "month": day.replace(day=1),
        "quarter": day.replace(month=(moment.month - 1) // 3 * 3 + 1, day=1),
        "year": day.replace(month=1, day=1),
    }[unit]


def _start_of(time: int, unit: str, zone: str = "UTC") -> int:
    local = _local(time, zone)
    begins = _start(local.replace(tzinfo=None), unit).replace(tzinfo=ZoneInfo(zone))
    return to_micros(begins.replace(fold=local.fold if unit in {"hour", "minute", "second"} else 0))


def _end_of(time: int, unit: str, zone: str = "UTC") -> int:
    """The first beginning that is later, looked for an hour, or a second, at a time."""
    begins = moment = _start_of(time, unit, zone)
    step = 1_000_000 if unit in {"second", "minute"} else 3_600_000_000
    while begins <= time:
        moment += step
        begins = _start_of(moment, unit, zone)
    return begins


def _time_from_parts(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: float = 0.0, zone: str = "UTC"
) -> Any:
    try:
        return round(to_micros(datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone))) + second * 1_000_000)
    except ValueError:
        return None


def _parse_time(text: str, form: str, zone: str = "UTC") -> Any:
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 -- the zone follows
    except ValueError:
        return None
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))


def _levenshtein(a: str, b: str) -> Any:
    if max(len(a), len(b)) > 256:
        return None
    table = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
    return table[len(a), len(b)]


def _jaro_winkler(a: str, b: str) -> float:
    if a == b:
        return 1.0
    window = max(len(a), len(b)) // 2 - 1
    pairs: dict[int, int] = {}
    for i in range(len(a)):
        found = [j for j in range(len(b)) if j not in pairs.values() and abs(i - j) <= window and a[i] == b[j]]
        if found:
            pairs[i] = found[0]
    if not pairs:
        return 0.0
    swaps = sum(a[i] != b[j] for i, j in zip(sorted(pairs), sorted(pairs.values()), strict=True)) / 2
    jaro = (len(pairs) / len(a) + len(pairs) / len(b) + (len(pairs) - swaps) / len(pairs)) / 3
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return jaro + min(same, 4) * 0.1 * (1 - jaro)


def _soundex(text: str) -> Any:
    letters = "".join(c for c in _bare(text).lower() if c in "abcdefghijklmnopqrstuvwxyz")
    if not letters:
        return None
    coded = letters[0] + re.sub("[hw]", "", letters[1:])
    codes = coded.translate(str.maketrans("bfpvcgjkqsxzdtlmnr", "111122222222334556"))
    codes = re.sub(r"(\d)\1+", r"\1", codes)[1:]
    return letters[0].upper() + (re.sub(r"\D", "", codes) + "000")[:3]


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _format(_now: int, call: FunctionCall, text: Any, *values: Any) -> Any:
    told = ["" if v is None else written(v, a.type) for v, a in zip(values, call.arguments[1:], strict=True)]
    return None if text is None else text.format(*told)


def _url(url: str) -> Any:
    try:
        return urlparse(url) if urlparse(url).hostname else None
    except ValueError:
        return None


def _first_parameter(url: str, name: str) -> Any:
    query = _url(url)
    return parse_qs(query.query, keep_blank_values=True).get(name, [None])[0] if query else None


def _extract(text: str, pattern: str, group: int | None = None) -> Any:
    found = re.search(pattern, text)
    return found[min(found.re.groups, 1) if group is None else group] if found else None


def _replace_regex(text: str, pattern: str, new: str) -> str:
    return re.sub(pattern, new.replace(r"\0", r"\g<0>"), text)


def _hash(text: str) -> int:
    return int.from_bytes(xxhash.xxh3_64_digest(text.encode()), "big", signed=True)


def _width_bucket(value: float, low: float, high: float, count: int) -> Any:
    if low >= high or count < 1:
        return None
    return 0 if value < low else sum(value >= low + (high - low) * i / count for i in range(count)) + (value >= high)


def _range_of(value: Any, bounds: tuple[Any, ...]) -> str:
    low = max((b for b in bounds if b <= value), default="")
    high = min((b for b in bounds if b > value), default="")
    return f"{low}..{high}"


def _distinct(items: list[Any]) -> list[Any]:
    return [item for i, item in enumerate(items) if place(item) not in map(place, items[:i])]


def _present(items: list[Any]) -> list[Any]:
    return [item for item in items if item is not None]


def _find(where: Any, what: Any) -> Any:
    if isinstance(where, str):
        return where.index(what) if what in where else None
    return next((i for i, item in enumerate(where) if place(item) == place(what)), None)


def _count(where: Any, what: Any) -> int:
    if isinstance(where, str):
        return len(where.split(what)) - 1 if what else 0
    return sum(place(item) == place(what) for item in where)


def _within(items: list[Any], others: list[Any], *, wanted: bool) -> list[Any]:
    return _distinct([item for item in items if (place(item) in map(place, others)) is wanted])


def _duration(text: str) -> Any:
    try:
        found = parse_duration(text.lstrip("-"))
    except ValueError:
        return None
    return Duration(-found.months, -found.micros) if text[0] == "-" else found


def _collection(_now: int, call: FunctionCall, value: Any) -> Any:
    return None if value is None else call.arguments[0].type.name


def _null_if(_now: int, _call: FunctionCall, value: Any, other: Any) -> Any:
    return None if value is None or (other is not None and place(value) == place(other)) else value


def _between(_now: int, _call: FunctionCall, *values: Any) -> bool:
    return None not in values and place(values[1]) <= place(values[0]) <= place(values[2])


WITH_CALL: dict[str, Callable[..., Any]] = {
    "format": _format,
    "collection_of": _collection,
    "null_if": _null_if,
    "between": _between,
    "is_blank": lambda _now, _call, text: text is None or not text.strip(),
}
PLAIN: dict[str, Callable[..., Any]] = {
    "base64_encode": lambda value: binascii.b2a_base64(raw(value), newline=False).decode(),
    "base64_decode": _unbase64,
    "size_bytes": lambda value: len(raw(value)),
    "sha256": lambda value: hashlib.new("sha256", raw(value)).hexdigest(),
    "title_case": lambda text: "".join(p.capitalize() for p in re.split(r"(\s+)", text)),
    "trim_start": str.lstrip,
    "trim_end": str.rstrip,
    "index_of": _find,
    "count_of": _count,
    "left": lambda text, n: "".join(c for i, c in enumerate(text) if i < n),
    "right": lambda text, n: "".join(c for i, c in enumerate(text) if i >= len(text) - n),
    "pad_start": lambda text, n, fill=" ": (fill * n)[: max(n - len(text), 0)] + text,
    "pad_end": lambda text, n, fill=" ": text + (fill * n)[: max(n - len(text), 0)],
    "repeat": lambda text, n: "".join(text for _ in range(n)),
    "reverse": lambda value: "".join(reversed(value)) if isinstance(value, str) else list(reversed(value)),
    "lines": str.splitlines,
    "remove_accents": _bare,
    "slug": lambda text: "-".join(re.findall("[^\\W_]+", _bare(text).lower())),
    "levenshtein": _levenshtein,
    "jaro_winkler": _jaro_winkler,
    "soundex": _soundex,
    "url_host": lambda url: _url(url) and _url(url).hostname,
    "url_path": lambda url: _url(url) and _url(url).path,
    "url_parameter": _first_parameter,
    "email_domain": lambda text: text.partition("@")[2].rstrip(">").lower() or None,
    "hash": _hash,
    "matches": lambda text, pattern: re.search(pattern, text) is not None,
    "extract": _extract,
    "extract_all": lambda text, pattern: re.findall(pattern, text),
    "replace_regex": _replace_regex,
    "sign": lambda value: (value > 0) - (value < 0),
    "trunc": math.trunc,
    "log2": lambda value: math.log2(value) if value > 0 else None,
    "hypot": math.hypot,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": lambda value: math.asin(value) if abs(value) <= 1 else None,
    "acos": lambda value: math.acos(value) if abs(value) <= 1 else None,
    "atan": math.atan,
    "atan2": math.atan2,
    "radians": math.radians,
    "degrees": math.degrees,
    "width_bucket": _width_bucket,
    "clamp": lambda value, low, high: low if place(value) < place(low) else min(value, high, key=place),
    "year": _part(lambda t: t.year),
    "quarter": _part(lambda t: (t.month + 2) // 3),
    "month": _part(lambda t: t.month),
    "week": _part(lambda t: t.isocalendar().week),
    "week_year": _part(lambda t: t.isocalendar().year),
    "day_of_year": _part(lambda t: t.timetuple().tm_yday),
    "day": _part(lambda t: t.day),
    "weekday": _part(lambda t: t.isoweekday()),
    "is_weekend": _part(lambda t: t.isoweekday() in {6, 7}),
    "hour": _part(lambda t: t.hour),
    "minute": _part(lambda t: t.minute),
    "second": _part(lambda t: t.second),
    "date": lambda time, zone="UTC": _start_of(time, "day", zone),
    "start_of": _start_of,
    "end_of": _end_of,
    "days_between": lambda a, b, zone="UTC": (_local(b, zone).date() - _local(a, zone).date()).days,
    "months_between": lambda a, b, zone="UTC": (
        (_local(b, zone).year - _local(a, zone).year) * 12 + _local(b, zone).month - _local(a, zone).month
    ),
    "time_from_parts": _time_from_parts,
    "format_time": lambda time, form, zone="UTC": _local(time, zone).strftime(
        form.replace("%Y", f"{_local(time, zone).year:04}")
    ),
    "parse_time": _parse_time,
    "to_unix": lambda time: to_datetime(time).timestamp(),
    "from_unix": lambda seconds: to_micros(datetime.fromtimestamp(seconds, UTC)),
    "zone_offset": lambda time, zone: Duration(
        0, int((_local(time, zone).utcoffset() or timedelta()).total_seconds()) * 1_000_000
    ),
    "ranges": lambda value, *bounds: _range_of(value, bounds),
    "slice": lambda items, start, count=None: items[max(start, 0) :][: len(items) if count is None else max(count, 0)],
    "sort_list": lambda items: sorted(items, key=place),
    "distinct_list": _distinct,
    "append": lambda a, b: [*a, *b],
    "union_of": lambda a, b: _distinct([*a, *b]),
    "intersection": lambda a, b: _within(a, b, wanted=True),
    "difference": lambda a, b: _within(a, b, wanted=False),
    "list_sum": lambda items: sum(_present(items)),
    "list_avg": lambda items: sum(_present(items)) / len(_present(items)) if _present(items) else None,
    "list_min": lambda items: min(_present(items), key=place, default=None),
    "list_max": lambda items: max(_present(items), key=place, default=None),
    "dot": lambda a, b: None if None in (*a, *b) else sum(x * y for x, y in zip(a, b, strict=True)),
    "exp": lambda value: math.exp(value) if value < 709 else None,
    "distance": math.dist,
    "norm": lambda vector: math.hypot(*vector),
    "dimension": len,
    "bool": lambda value: (
        {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(value.strip().lower())
        if isinstance(value, str)
        else bool(value)
    ),
    "duration": _duration,
    "key_of": str,
}
