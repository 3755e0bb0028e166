"""Calls of the function library, drawn from its registry, so that a new function is among them by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import Function, FunctionKind, Signature
from paasq_dsl.types import BOOL, BYTES, DURATION, FLOAT, INT, KEYWORD, TEXT, TIME, Type, list_of

if TYPE_CHECKING:
    from properties.queries import Columns, Writer

# What has no exact result differs in its last bits from one library of mathematics to the next; tests/kernels holds these.
INEXACT = frozenset(
    "sin cos tan asin acos atan atan2 exp ln log2 log10 power hypot radians degrees jaro_winkler recency".split()
)
# Of the index's analyzers and of vectors of 32 bits: tests/index holds them.
RANKED = frozenset("snippet highlight similarity dot distance norm dimension".split())
# These ask for a column of a kind that pipelines seldom have, or for as many arguments as another one says.
ELSEWHERE = frozenset("key_of collection_of format ranges case".split())

_ZONES = ('"UTC"', '"Europe/Oslo"', '"America/New_York"', '"Asia/Kolkata"', '"Australia/Lord_Howe"')
_UNITS = ('"second"', '"minute"', '"hour"', '"day"', '"week"', '"month"', '"quarter"', '"year"')
_FORMS = ('"%Y-%m-%d"', '"%H:%M:%S"', '"%d %b %Y"', '"%j %V %G %u"')
_PATTERNS = ('"s"', '"(?i)^s"', '"(e)(a)"', '"[^a-z]+"', '"é|ü"', '"x?$"')
_SMALL = ("0", "1", "2", "5", "-1")
CHOSEN: Mapping[str, Mapping[int, Sequence[str]]] = {  # the texts of arguments that not any value fits, by place
    **{name: {1: _ZONES} for name in "year quarter month week week_year day_of_year day weekday is_weekend hour minute "
       "second date zone_offset".split()},
    "bucket -> time": {1: ("1d", "1w", "1mo", "6h", "1y"), 2: _ZONES}, "bucket -> float": {1: ("2.5", "3")},
    "days_between": {2: _ZONES}, "months_between": {2: _ZONES},
    "start_of": {1: _UNITS, 2: _ZONES}, "end_of": {1: _UNITS, 2: _ZONES},
    "format_time": {1: _FORMS, 2: _ZONES}, "parse_time": {1: _FORMS, 2: _ZONES},
    "time_from_parts": {0: ("2026", "1969"), 1: ("2", "12"), 2: ("1", "29", "31"), 3: ("0", "23"), 4: ("0", "59"),
                        5: ("0.0", "1.5"), 6: _ZONES},
    "from_unix": {0: ("0", "86400", "-1")},
    "matches": {1: _PATTERNS}, "extract": {1: _PATTERNS, 2: ("0",)}, "extract_all": {1: _PATTERNS},
    "replace_regex": {1: _PATTERNS, 2: ('"-"', '"<\\\\0>"')},
    "round": {1: ("0", "1", "3", "-1")}, "width_bucket": {3: ("1", "4")},
    **{name: {1: _SMALL} for name in ("left", "right", "pad_start", "pad_end", "at")},
    "percentile": {1: ("0", "25", "50.5", "100")}, "histogram": {1: ("1", "3")}, "repeat": {1: ("0", "1", "3")},
    "substring": {1: _SMALL, 2: _SMALL}, "slice": {1: _SMALL, 2: _SMALL},
}  # fmt: skip
_ITEMS = (KEYWORD, INT)  # of the lists that worlds have
_OF_WORD: Mapping[str, tuple[Type, ...]] = {
    "string": (KEYWORD, TEXT), "text": (TEXT,), "keyword": (KEYWORD,), "int": (INT,), "float": (FLOAT, INT),
    "number": (INT, FLOAT), "bool": (BOOL,), "time": (TIME,), "duration": (DURATION,), "bytes": (BYTES,),
    "any": (KEYWORD, INT, FLOAT, BOOL, TIME, DURATION, TEXT), "ordered": (INT, KEYWORD, TIME, FLOAT),
}  # fmt: skip


def makers(type_: Type, kind: FunctionKind = FunctionKind.SCALAR) -> list[tuple[Function, Signature]]:
    """The functions that give a value of this type, one entry a signature."""
    return [
        (function, signature)
        for function in FUNCTIONS.values()
        if function.kind is kind and function.name not in INEXACT | RANKED | ELSEWHERE
        for signature in function.signatures
        if _gives(signature.result, type_)
    ]


def call(
    writer: Writer, type_: Type, columns: Columns, depth: int, kind: FunctionKind = FunctionKind.SCALAR
) -> str | None:
    """A call that gives this type; None where no function does."""
    ways = makers(type_, kind)
    if not ways:
        return None
    function, signature = writer.pick(ways)
    lists = any(word.startswith("[") for word in signature.parameters)
    same = (
        (type_.item or type_) if signature.result in {"T", "[T]"} else writer.pick(_ITEMS if lists else _OF_WORD["any"])
    )
    optional = sum(word.endswith("?") for word in signature.parameters)
    count = len(signature.parameters) - writer.number(0, optional)
    chosen = CHOSEN.get(function.name) or CHOSEN.get(f"{function.name} -> {signature.result}", {})
    written = [
        writer.pick(chosen[place]) if place in chosen else _argument(writer, word, same, columns, depth)
        for place, word in enumerate(signature.parameters[:count])
    ]
    return f"{function.name}({', '.join(written)})"


def _gives(word: str, type_: Type) -> bool:
    if word == "T":
        return type_.kind in {t.kind for t in _OF_WORD["any"]}
    if word.startswith("["):
        return type_.item is not None and _gives(word[1:-1], type_.item)
    return word == str(type_.kind)


def _argument(writer: Writer, word: str, same: Type, columns: Columns, depth: int) -> str:
    word = word.rstrip("?.")
    if word == "zone":
        return writer.pick(_ZONES)
    if word.startswith("["):
        item = {"T": same, "any": writer.pick(_ITEMS)}.get(word[1:-1]) or writer.pick(_OF_WORD[word[1:-1]])
        named = [name for name, type_ in columns.items() if type_ == list_of(item)]
        return writer.pick([*named, writer.some(item, least=1)])
    return writer.value(same if word == "T" else writer.pick(_OF_WORD[word]), columns, depth)
