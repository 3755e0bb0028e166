"""`paasq lsp`"""

from __future__ import annotations

import os
import sys


def lsp() -> None:
    """Serve an editor over standard input and output (Language Server Protocol)."""
    os.execv(sys.executable, [sys.executable, "-m", "paasq_editor"])  # noqa: S606  # the editor package is above this one
