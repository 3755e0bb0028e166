"""`paasq call METHOD [PARAMS]`"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import require_daemon


def call(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="As in docs/protocol.md; `methods` lists them.")],
    params: Annotated[str, typer.Argument(metavar="JSON", help="Its parameters, an object.")] = "{}",
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Call a method of the daemon as its protocol has it, and write the result as JSON."""
    try:
        given = json.loads(params)
    except ValueError as error:
        raise typer.BadParameter(f"this is no JSON: {error}", param_hint="JSON") from None
    if not isinstance(given, dict):
        raise typer.BadParameter("parameters are an object, such as {}", param_hint="JSON")
    with require_daemon(data, socket) as client:
        write_object(client.call(method, given), as_json=True)
