"""The canonical text of a text: its tokens with one space between, literals lifted out. Texts with the same one, read against
the same catalog, have the same plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from math import isfinite
from typing import TypeAlias

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.lexer import Token, TokenKind, unescape_string
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.time_zones import find_zone
from paasq_dsl.values import INT_MAX, Duration, Value, is_time, parse_datetime, parse_duration, to_micros

# What follows these is part of the plan, not a value: title^3, use "lib/mail.paasq", zone "Europe/Oslo".
_STRUCTURAL_BEFORE = frozenset({"^", "use", "zone"})
_LEFT_OUT = frozenset({TokenKind.SPACE, TokenKind.COMMENT})
LiftedLiteral: TypeAlias = "Value | datetime"


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """Of the text `source`. `key` has `?type` in the place of literal `i`, whose value is `literals[i]` and whose offset in the
    text is `literal_offsets[i]`.

    A time without an offset is a datetime without a zone, until `literal_values` says which instant it is. A string that names a
    time zone is `?zone` in the key, for the binder looks whether there is such a zone.
    """

    source: ScannedText
    key: str
    literals: tuple[LiftedLiteral, ...]
    literal_offsets: tuple[int, ...]

    def literal_values(self, zone: tzinfo) -> tuple[Value, ...]:
        """The literals, each time an instant: int microseconds since 1970 in UTC."""
        return tuple(to_micros(v, zone) if isinstance(v, datetime) else v for v in self.literals)

    @property
    def literal_slots(self) -> dict[int, int]:
        """Offset of a literal -> its number, for the binder."""
        return {start: slot for slot, start in enumerate(self.literal_offsets)}


def normalize(source: ScannedText) -> NormalizedText:
    """Never raises: a literal that has no value (a date such as @2026-13-01) stays in the key, and parsing will report it."""
    words: list[str] = []
    literals: list[LiftedLiteral] = []
    starts: list[int] = []
    before = ""
    for token in source.tokens:
        kind, word, start = token
        if kind in _LEFT_OUT:
            continue
        lifted = _LIFT.get(kind)
        found = lifted(token) if lifted and before not in _STRUCTURAL_BEFORE else None
        if found is None:
            words.append(word)
        else:
            words.append(found[0])
            literals.append(found[1])
            starts.append(start)
        before = word
    return NormalizedText(source, " ".join(words), tuple(literals), tuple(starts))


def _string(token: Token) -> tuple[str, Value]:
    value = unescape_string(token.text)
    return "?string" if find_zone(value) is None else "?zone", value


def _number(token: Token) -> tuple[str, Value] | None:
    if any(c in token.text for c in ".eE"):
        number = float(token.text)
        return ("?float", number) if isfinite(number) else None
    if len(token.text) > len(str(INT_MAX)) or int(token.text) > INT_MAX:
        return None
    return "?int", int(token.text)


def _duration(token: Token) -> tuple[str, Duration] | None:
    try:
        return "?duration", parse_duration(token.text)
    except ValueError:
        return None


_END_YEARS = frozenset({1, 9999})


def _time(token: Token) -> tuple[str, LiftedLiteral] | None:
    if not token.text[1:2].isdigit():
        return None  # @now is a word of the language
    try:
        moment = parse_datetime(token.text[1:])
    except ValueError:
        return None
    if moment.tzinfo is None:  # at the ends of what times are the zone decides whether it is one: the binder says so
        return None if moment.year in _END_YEARS else ("?time", moment)
    return ("?time", to_micros(moment)) if is_time(to_micros(moment)) else None


_LIFT = {
    TokenKind.STRING: _string,
    TokenKind.NUMBER: _number,
    TokenKind.DURATION: _duration,
    TokenKind.TIME: _time,
}


def remap_span(span: Span, before: ScannedText, after: ScannedText) -> Span:
    """Where a span of one text lies in another one of the same canonical form: the same tokens, counted from the start."""
    if before.text == after.text:
        return span
    old, new = before.significant_tokens, after.significant_tokens
    if len(old) != len(new):
        return span
    start = next((n.start for o, n in zip(old, new, strict=True) if o.end > span.start), span.start)
    end = next((n.end for o, n in zip(old, new, strict=True) if o.end >= span.end), span.end)
    return Span(start, end)
