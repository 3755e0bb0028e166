"""`paasq metrics`"""

from __future__ import annotations

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.open_database import require_daemon


def metrics(data: options.Data = None, socket: options.Socket = None) -> None:
    """Write what the daemon counts and measures, in the text format of Prometheus."""
    with require_daemon(data, socket) as client:
        typer.echo(client.call("metrics", {})["text"], nl=False)
