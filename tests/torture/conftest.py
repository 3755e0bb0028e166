from __future__ import annotations

from daemon.conftest import folder

__all__ = ["folder"]
