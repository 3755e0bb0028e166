"""`paasq mcp`"""

from __future__ import annotations

from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.wire.errors import PaasqError
from paasq_dsl.time_zones import DEFAULT_ZONE, find_zone

_TOKENS = 4_000
_TIME_MS = 10_000.0


def mcp(
    write: Annotated[
        bool, typer.Option("--write", help="Offer also the tools that write: remember and patch.")
    ] = False,
    tokens: Annotated[int, typer.Option("--tokens", min=200, help="Tokens that an answer may have.")] = _TOKENS,
    time_ms: Annotated[
        float, typer.Option("--time-ms", min=1, help="Milliseconds that an answer may take.")
    ] = _TIME_MS,
    zone: options.Zone = DEFAULT_ZONE,
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Serve a language model over standard input and output (Model Context Protocol), for its program to start."""
    try:
        from paasq_daemon.mcp.server import mcp_server
        from paasq_daemon.mcp.stdio import serve_stdio
        from paasq_daemon.mcp.store_access import StoreAccess
    except ImportError as error:
        raise PaasqError(
            f"the package mcp is missing here, or too old: {error}", "install it: python -m pip install 'mcp>=2.3,<3'"
        ) from None
    from paasq_daemon.log import log_to_stderr
    from paasq_daemon.wire.request import Budget

    if find_zone(zone) is None:
        raise typer.BadParameter(f"there is no time zone {zone}", param_hint="--zone")
    log_to_stderr()
    with open_database(data, socket) as database:
        database.zone = zone
        server = mcp_server(StoreAccess(database, Budget(time_ms, None, tokens)), write=write)
        serve_stdio(server, database.close)
