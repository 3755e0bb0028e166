"""`paasq serve`"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.open_database import folder_of


def serve(
    data: options.Data = None,
    socket: options.Socket = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse whatever writes; pending vectors wait.")
    ] = False,
) -> None:
    """Open the store and serve it until SIGTERM or Ctrl-C. The log goes to standard error."""
    from paasq_daemon.instance import Instance
    from paasq_daemon.log import log_to_stderr
    from paasq_daemon.server.limits import DEFAULT_LIMITS
    from paasq_daemon.server.listener import serve as serve_instance
    from paasq_daemon.server.rights import Right
    from paasq_daemon.wire.default_paths import socket_path
    from paasq_daemon.workers.worker_pool import WorkerPool

    log_to_stderr()
    folder = folder_of(data)
    path = (socket or socket_path(folder)).absolute()
    instance = Instance.open(folder, walk_s_max=None)
    instance.announce(path)
    instance.scrub.start()
    read_only = read_only or instance.store.read_only
    if not read_only:
        instance.embedding.start()
        instance.upkeep.start()
        instance.compaction.start()
        instance.retention.start()
    workers = None  # of a medium that cannot be written nothing is shared: texts run in threads
    if not instance.store.read_only:
        workers = WorkerPool(instance, answer_bytes_max=DEFAULT_LIMITS.frame_bytes_max)
    if not serve_instance(instance, path, granted=Right.READ if read_only else Right.ADMIN, executor=workers):
        os._exit(1)  # threads that do not end still hold the store; what was acknowledged is on disk
