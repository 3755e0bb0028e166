"""Which snapshots a policy such as `24 hourly 7 daily 12 monthly` keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from paasq_daemon.snapshot.manifest import Manifest
from paasq_daemon.wire.errors import SnapshotError

_PERIODS = {  # strftime: two times of one period give the same text
    "last": "%Y-%m-%dT%H:%M:%S.%f",
    "hourly": "%Y-%m-%dT%H",
    "daily": "%Y-%m-%d",
    "weekly": "%G-%V",
    "monthly": "%Y-%m",
    "yearly": "%Y",
}
_COUNT_MAX = 10_000
_KEPT = re.compile(rf"(\d{{1,6}})\s+({'|'.join(_PERIODS)})")


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How many periods of each kind keep their newest snapshot; periods without one do not count. Times are UTC's."""

    counts: Mapping[str, int]

    def __str__(self) -> str:
        return " ".join(f"{count} {period}" for period, count in self.counts.items())


def parse_policy(text: str) -> RetentionPolicy:
    """Raises SnapshotError where the text is no list of counts and periods."""
    found = _KEPT.findall(text)
    counts = {period: int(count) for count, period in found}
    rest = _KEPT.sub("", text).replace(",", " ").strip()
    if rest or not found or len(counts) < len(found) or not all(1 <= count <= _COUNT_MAX for count in counts.values()):
        raise SnapshotError(
            f"{text[:120]!r} does not say what to keep",
            f"write for instance 24 hourly 7 daily; there are {', '.join(_PERIODS)}",
        )
    return RetentionPolicy(counts)


def kept_by(policy: RetentionPolicy, manifests: Iterable[Manifest]) -> set[str]:
    """The names of the snapshots to keep: the newest of each period, and the newest of all."""
    newest_first = sorted(manifests, key=lambda each: (each.created, each.seq), reverse=True)
    kept = {each.name for each in newest_first[:1]}
    for period, count in policy.counts.items():
        newest: dict[str, str] = {}
        for each in newest_first:
            newest.setdefault(datetime.fromisoformat(each.created).strftime(_PERIODS[period]), each.name)
        kept |= set(list(newest.values())[:count])
    return kept
