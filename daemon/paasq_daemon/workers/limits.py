"""What one task may take."""

from __future__ import annotations

MEMORY_BYTES_MAX = 256 << 20
