"""One value as text that people read."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from paasq_daemon.wire.value_codecs import bytes_summary, member_types

_VECTOR_SHOWN = 3


def cell_text(value: Any, type_name: str, zone: tzinfo = UTC, *, dates: bool = False) -> str:
    """One value as text for people, times by the clocks of `zone`; null is empty. `dates`: times without the time of day."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        local = local_time(value, zone)
        if dates:
            return local.date().isoformat()
        return local.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return f"{value:.6g}"
    if type_name.startswith("vector"):
        shown = ", ".join(f"{number:.3g}" for number in value[:_VECTOR_SHOWN])
        return f"[{shown}{', …' if len(value) > _VECTOR_SHOWN else ''}] ({len(value)})"
    if isinstance(value, bytes):
        return bytes_summary(value)
    if isinstance(value, dict):
        types = member_types(type_name)
        there = ((name, inner) for name, inner in value.items() if inner is not None)
        members = ((name, cell_text(inner, types[name], zone, dates=dates)) for name, inner in there)
        return f"{{{', '.join(f'{escape_control(name)}: {text}' for name, text in members)}}}"
    if isinstance(value, list):
        return ", ".join(cell_text(item, type_name[1:-1], zone) for item in value)
    return escape_control(str(value))


def escape_control(text: str) -> str:
    """Control characters escaped, so that stored text cannot drive a terminal. Newlines and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def local_time(moment: datetime, zone: tzinfo) -> datetime:
    """By the clocks of the zone; where years end, as it is."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment
