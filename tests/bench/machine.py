"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

_PARTS = ("paasq", "lmdb", "tantivy", "numpy", "onnxruntime", "lark")
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Machine:
    processor: str
    cores: int
    memory_gib: int
    versions: dict[str, str]  # of Python and of what the speed depends on

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return f"{self.hardware}; {parts}"

    @property
    def hardware(self) -> str:
        """Figures of two machines can be compared as they are where this is the same."""
        return f"{self.processor}, {self.cores} cores, {self.memory_gib} GiB"


def this_machine() -> Machine:
    versions = {"Python": platform.python_version()} | {name: version(name) for name in _PARTS}
    return Machine(_processor(), os.cpu_count() or 1, round(_memory_gib()), versions)


def this_commit() -> str:
    """Twelve digits, and -dirty where the sources differ from it; unknown outside of a Git repository."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]
    found = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:  # not Linux
        return []
