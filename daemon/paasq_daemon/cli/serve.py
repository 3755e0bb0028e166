"""`paasq serve`"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.background_daemon import wait_ready as start_and_wait
from paasq_daemon.cli.open_database import folder_of

if TYPE_CHECKING:
    from paasq_daemon.configuration.configuration import Configuration
    from paasq_daemon.instance import Instance
    from paasq_daemon.workers.worker_pool import WorkerPool
    from paasq_daemon.workers.zygote import Zygote


def serve(
    data: options.Data = None,
    socket: options.Socket = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse whatever writes; pending vectors wait.")
    ] = False,
    wait_ready: Annotated[
        bool,
        typer.Option(
            "--wait-ready", help="Return when a daemon answers; where none runs, start one in the background."
        ),
    ] = False,
    log_format: options.LogFormatOption = None,
    log_level: options.LogLevelOption = None,
    log_file: options.LogFile = None,
    settings: options.Settings = None,
) -> None:
    """Open the store and serve it until SIGTERM, Ctrl-C or `paasq stop`. The log goes to standard error, or to a file.

    Once it takes connections it logs `listening`, and tells systemd (sd_notify). It serves the socket that systemd hands over.
    """
    folder = folder_of(data)
    given: dict[str, bool | str | None] = {
        "log.format": log_format,
        "log.level": log_level,
        "log.file": log_file,
        "socket": None if socket is None else str(socket),
        "read_only": read_only or None,
    }
    configuration = options.configuration(folder, settings, given)
    if wait_ready:
        start_and_wait(folder, configuration)
        return
    from paasq_daemon.workers.zygote import Zygote

    os.umask(0o077)  # its files are the owner's alone, also where a library makes them
    zygote = Zygote()  # reads its modules while this process reads its own
    from paasq_daemon.instance import Instance
    from paasq_daemon.log import start_log
    from paasq_daemon.server.listener import serve as serve_instance
    from paasq_daemon.server.rights import Right
    from paasq_daemon.server.service_manager import ServiceManager

    limits = configuration.limits()
    start_log(configuration.log())
    manager = ServiceManager()
    manager.notify(STATUS=f"opens {folder}")
    path = manager.listening[1] if manager.listening is not None else configuration.socket(folder)
    instance = Instance.open(folder, walk_s_max=None)
    instance.announce(path)
    instance.scrub.start()
    reads_only = configuration.of("read_only") or instance.store.read_only
    if not reads_only:
        instance.embedding.start()
        instance.upkeep.start()
        instance.compaction.start()
        instance.retention.start()
    workers = _worker_pool(instance, configuration, zygote)
    granted = Right.READ if reads_only else Right.ADMIN
    port = configuration.of("metrics.port") or None
    if not serve_instance(
        instance, path, limits=limits, granted=granted, executor=workers, manager=manager, metrics_port=port
    ):
        os._exit(1)  # threads that do not end still hold the store; what was acknowledged is on disk


def _worker_pool(instance: Instance, configuration: Configuration, zygote: Zygote) -> WorkerPool | None:
    """None of a medium that cannot be written, where nothing is shared: texts run in threads."""
    from paasq_daemon.workers.worker_pool import WorkerPool

    if instance.store.read_only:
        zygote.close()
        return None
    return WorkerPool(
        instance,
        configuration.of("workers.count") or None,
        answer_bytes_max=configuration.of("limits.frame_bytes_max"),
        memory_bytes_max=configuration.of("workers.memory_bytes_max"),
        slow_ms=configuration.of("log.slow_ms") or None,
        log=configuration.log(),
        zygote=zygote,
    )
