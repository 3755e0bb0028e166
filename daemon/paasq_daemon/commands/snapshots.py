"""Snapshots that are made, listed and verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.commands.runner import CommandRunner, CommandServices, table_answer
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.snapshot.listing import SnapshotInfo
from paasq_daemon.wire.answer import Answer
from paasq_daemon.writes.apply import constant_context
from paasq_dsl.bound import BoundCreateSnapshot, BoundExpression, BoundVerifySnapshot
from paasq_dsl.values import parse_time

_COLUMNS = (("name", "keyword"), ("created", "time"), ("seq", "int"), ("records", "int"), ("new_bytes", "int"))
_VERIFIED = (("name", "keyword"), ("ok", "bool"), ("findings", "[text]"))


def show_snapshots(services: CommandServices) -> Answer:
    """A row for each that can be used, the oldest first."""
    rows = [_row(info) for info in services.snapshots.list() if info.created is not None]
    return table_answer(_COLUMNS, rows, services.store.seq)


def _create(services: CommandServices, command: BoundCreateSnapshot, inputs: ExecutionInputs) -> Answer:
    made = services.snapshots.create(_name(command.name, inputs))
    return table_answer(_COLUMNS, [_row(made)], made.seq)


def _verify(services: CommandServices, command: BoundVerifySnapshot, inputs: ExecutionInputs) -> Answer:
    """Every byte is hashed; a row for each thing that is wrong."""
    name = _name(command.name, inputs)
    done = services.snapshots.verify(name)
    findings = [str(finding) for finding in done.findings]
    return table_answer(_VERIFIED, [[name, not findings, findings]], services.store.seq)


def _name(bound: BoundExpression, inputs: ExecutionInputs) -> str:
    return str(evaluate_scalar(bound, constant_context(inputs.literals, inputs.parameters, inputs.now_us)))


def _row(info: SnapshotInfo) -> list[Any]:
    assert info.created is not None
    records = sum((info.collections or {}).values())
    return [info.name, parse_time(info.created), info.seq, records, info.new_bytes]


RUNNERS: Mapping[type, CommandRunner] = {BoundCreateSnapshot: _create, BoundVerifySnapshot: _verify}
