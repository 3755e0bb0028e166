"""What a run of the benchmark measured, and on what: kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from bench.machine import Machine
from bench.timing import Timing

BASELINE = Path(__file__).parent / "baseline.json"
FORMAT = 1
Unit = Literal["ms", "1/s", "MB/s", "x"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a run. `group` and `name` together identify it in every run."""

    group: str
    name: str
    unit: Unit  # milliseconds of a call, how often a second, megabytes a second, or a ratio where less is better
    median: float
    p95: float | None = None  # None where there was one measurement
    note: str = ""  # beside other means for the same work; shown, not compared

    @property
    def key(self) -> tuple[str, str]:
        return self.group, self.name


def timed(group: str, name: str, timing: Timing, note: str = "") -> Figure:
    return Figure(group, name, "ms", timing.p50_ms, timing.p95_ms, note)


@dataclass(frozen=True, slots=True)
class Options:
    rows: Sequence[int]  # of each collection measured
    seconds: float  # for each operation
    presses: int  # of keys, in the editor
    snapshot_records: int = 200_000  # of the store that is captured


@dataclass(frozen=True, slots=True)
class Run:
    """`commit` ends in -dirty where the sources differ from it; `date` is UTC, ISO 8601."""

    machine: Machine
    commit: str
    date: str
    options: Options
    figures: list[Figure]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Run:
        """Raises ValueError where the file is of another format."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["format"] != FORMAT:
            raise ValueError(f"{path} has format {kept['format']}, and this benchmark reads {FORMAT}")
        return cls(
            Machine(**kept["machine"]),
            kept["commit"],
            kept["date"],
            Options(**kept["options"]),
            [Figure(**figure) for figure in kept["figures"]],
        )
