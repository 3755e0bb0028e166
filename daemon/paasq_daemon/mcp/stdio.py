"""Serving over standard input and output: frames alone go to the output, all else to standard error."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

_CLOSING_S_MAX = 5.0


def serve_stdio(server: Server[Any], close: Callable[[], None]) -> None:
    """Serve until the client closes the input or reads no more.

    At Ctrl-C and SIGTERM the process ends, after `close`: the thread that waits for the input can't be woken.
    """
    try:
        anyio.run(partial(_serve, server, close))
    except* BrokenPipeError:
        pass  # the client is gone, and with it whoever would read of it


async def _serve(server: Server[Any], close: Callable[[], None]) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_end_on_signal, close)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())
        tasks.cancel_scope.cancel()


async def _end_on_signal(close: Callable[[], None]) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for number in signals:
            with anyio.move_on_after(_CLOSING_S_MAX):
                await anyio.to_thread.run_sync(close, abandon_on_cancel=True)
            os._exit(128 + number)  # as a shell says it
