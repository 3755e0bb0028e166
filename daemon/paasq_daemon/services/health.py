"""Whether all is well with an instance, from what its parts know already: nothing is read for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.services.compaction import Compaction
from paasq_daemon.services.retention import RetentionService
from paasq_daemon.services.scrub import Scrub
from paasq_daemon.services.snapshot_upkeep import SnapshotUpkeep
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import DiskFull
from paasq_dsl.values import format_time

_DAMAGE_SHOWN_MAX = 20


@dataclass(eq=False)
class HealthService:
    """May be called from any thread, and never waits."""

    store: Store
    indexes: Indexes
    scrub: Scrub
    upkeep: SnapshotUpkeep
    compaction: Compaction
    retention: RetentionService

    def report(self) -> dict[str, Any]:
        """JSON: `ok` where there are no `problems`, which are in words, the worst first; `writes`, whether the disk takes them;
        `checked`, since when pages and entries of the data file are known to be sound."""
        checked = self.store.checked
        problems = self._problems()
        return {
            "ok": not problems,
            "problems": problems,
            "writes": self._writes(),
            "checked": {"pages": _time(checked.pages_s), "entries": _time(checked.entries_s)},
        }

    def _writes(self) -> dict[str, Any]:
        """JSON: whether the disk took the last write; else why not, and how many bytes are missing on a full one."""
        if self.store.read_only:
            return {"taken": False, "problem": "the folder cannot be written", "missing_bytes": 0}
        problem = self.store.write_problem
        missing = problem.missing_bytes if isinstance(problem, DiskFull) else 0
        return {"taken": problem is None, "problem": problem and problem.message, "missing_bytes": missing}

    def _problems(self) -> list[str]:
        damage = list(self.scrub.damage[:_DAMAGE_SHOWN_MAX])
        if more := len(self.scrub.damage) - len(damage):
            damage.append(f"damage in {more:,} more places")
        refused = self.store.write_problem
        told = {
            "": refused.message if refused is not None and refused.message not in damage else None,
            "lost": self.indexes.lost_after,
            "scrub": self.scrub.problem,
            "snapshots": self.upkeep.problem,
            "compaction": self.compaction.problem,
            "retention": self.retention.problem,
        }
        return damage + [f"{part}: {said}" if part else said for part, said in told.items() if said]


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else format_time(int(seconds * 1_000_000))
