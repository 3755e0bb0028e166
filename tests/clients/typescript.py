"""The package of clients/typescript, built by `make typescript`, and the Node that runs it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

TYPESCRIPT = Path(__file__).parents[2] / "clients" / "typescript"


def require_typescript() -> None:
    """Skips the test where Node is missing, or the package is not built."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed: make test-system")
    built = TYPESCRIPT / "dist" / "src" / "index.js"
    sources = [path for folder in ("src", "test") for path in (TYPESCRIPT / folder).glob("*.ts")]
    if not built.exists() or built.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        pytest.skip("the TypeScript client is not built from what is there: make typescript")
