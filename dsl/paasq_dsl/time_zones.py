"""Time zones by their names in the IANA database: `Europe/Oslo`, `UTC`."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from paasq_dsl.diagnostics import similar_names

DEFAULT_ZONE = "UTC"
_CACHED_MAX = 4096
_SHAPE = re.compile(r"[A-Z][\w+\-]*(?:/[\w+\-]+)*", re.ASCII)


@lru_cache(_CACHED_MAX)
def find_zone(name: str) -> tzinfo | None:
    """None where there is no zone of that name."""
    if name == DEFAULT_ZONE:
        return UTC
    try:
        return ZoneInfo(name) if _SHAPE.fullmatch(name) else None
    except (KeyError, ValueError, OSError):  # KeyError: no file of that name; OSError: a folder, such as Europe
        return None


@lru_cache(1)
def zone_names() -> tuple[str, ...]:
    """All that are known here, in order. Reads a folder of files once."""
    return tuple(sorted(name for name in available_timezones() if find_zone(name) is not None))


def similar_zones(name: str) -> tuple[str, ...]:
    """Up to three similar ones, best first; `oslo` is Europe/Oslo."""
    meant = name.replace(" ", "_")
    exact = tuple(zone for zone in zone_names() if zone.rpartition("/")[2].casefold() == meant.casefold())
    if exact or "/" in name:
        return (exact or similar_names(meant, zone_names()))[:3]
    places = {zone.rpartition("/")[2]: zone for zone in zone_names()}
    return tuple(places[place] for place in similar_names(meant, places))
