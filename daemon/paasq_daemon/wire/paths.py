"""Paths and addresses as callers give them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

StrPath: TypeAlias = str | os.PathLike[str]


def absolute_path(path: StrPath) -> Path:
    """A path as another process finds it, which runs in another folder; `~` is the home of this one's user."""
    return Path(path).expanduser().absolute()


def absolute_address(where: StrPath) -> str:
    """Where snapshots are, as another process finds it: a URL as it is, else the absolute path."""
    text = os.fspath(where)
    return text if "://" in text else str(absolute_path(text))
