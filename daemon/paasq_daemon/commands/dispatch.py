"""Running the statements that are neither queries nor writes of records."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.commands import ddl, resolve, show, snapshots
from paasq_daemon.commands.runner import CommandRunner, CommandServices
from paasq_daemon.wire.answer import Answer
from paasq_dsl.bound import BoundCommand

RUNNERS: Mapping[type, CommandRunner] = MappingProxyType(
    {command: run for module in (ddl, resolve, show, snapshots) for command, run in module.RUNNERS.items()}
)


def run_command(services: CommandServices, command: BoundCommand, inputs: ExecutionInputs) -> Answer:
    """Raises PaasqErrors, EvaluationError where a value of the command is none that it can take."""
    return RUNNERS[type(command)](services, command, inputs)
