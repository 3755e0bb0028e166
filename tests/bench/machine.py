"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PARTS = ("paasq", "lmdb", "tantivy", "numpy", "onnxruntime", "lark")


def describe() -> str:
    parts = ", ".join(f"{name} {version(name)}" for name in _PARTS)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB; Python {platform.python_version()}, {parts}"
    )


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
