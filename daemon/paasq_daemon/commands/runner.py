"""How a command runs: a function of its bound form, found by its class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.services.retention import RetentionService
from paasq_daemon.services.snapshots import SnapshotService
from paasq_daemon.store.store import Store
from paasq_daemon.wire.answer import Answer, ColumnInfo
from paasq_daemon.writes.vectorizer import Vectorizer


@dataclass(frozen=True)
class CommandServices:
    """What commands work on, beside the view that their inputs hold."""

    store: Store
    vectors: Vectorizer
    snapshots: SnapshotService
    retention: RetentionService


CommandRunner: TypeAlias = Callable[[CommandServices, Any, ExecutionInputs], Answer]


def table_answer(columns: Sequence[tuple[str, str]], rows: list[list[Any]], seq: int) -> Answer:
    """`columns` are names and types."""
    return Answer(tuple(ColumnInfo(*column) for column in columns), rows, seq=seq)
