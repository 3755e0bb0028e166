"""The daemon's socket, from the first bind to the last answer."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from paasq_daemon.instance import Instance
from paasq_daemon.log import log_event
from paasq_daemon.server.auth import authorize_peer, peer_credentials
from paasq_daemon.server.connection_session import Session, too_many_connections
from paasq_daemon.server.executor import Executor, ThreadExecutor
from paasq_daemon.server.limits import DEFAULT_LIMITS, Limits
from paasq_daemon.server.methods.call import ServerContext
from paasq_daemon.server.metrics import metrics_text
from paasq_daemon.server.metrics_port import serve_metrics
from paasq_daemon.server.rights import Right
from paasq_daemon.server.service_manager import ServiceManager
from paasq_daemon.wire.default_paths import SOCKET_PATH_BYTES_MAX
from paasq_daemon.wire.errors import PaasqError, ProtocolError
from paasq_daemon.wire.framing import Framing, frame
from paasq_daemon.wire.json_rpc import error_message

_BACKLOG = 1024  # connections that wait to be accepted: more than may be open, so that a burst is not refused
_PROBE_S = 5.0


def serve(
    instance: Instance,
    socket_path: Path,
    *,
    limits: Limits = DEFAULT_LIMITS,
    granted: Right = Right.ADMIN,
    executor: Executor | None = None,
    manager: ServiceManager | None = None,
    metrics_port: int | None = None,
    on_ready: Callable[[], None] | None = None,
) -> bool:
    """Serve until SIGTERM or SIGINT, then let running requests finish, close the instance and remove the socket.

    `granted` is what clients may do. `on_ready` is called once clients can connect, and `manager` told; its socket is served,
    where it hands one over. Metrics are on `metrics_port` too. Raises ProtocolError where the socket
    cannot be had; the instance is closed then too.
    Returns False where requests would not end in the time given: their threads still hold the instance, which is then
    left open (what was acknowledged is on disk), and the process should leave by `os._exit`.
    """
    return asyncio.run(
        _serve(instance, socket_path, limits, granted, executor, manager or ServiceManager(), metrics_port, on_ready)
    )


async def _serve(
    instance: Instance,
    socket_path: Path,
    limits: Limits,
    granted: Right,
    executor: Executor | None,
    manager: ServiceManager,
    metrics_port: int | None,
    on_ready: Callable[[], None] | None,
) -> bool:
    runs_in = executor or ThreadExecutor(instance.engine, limits.frame_bytes_max)
    server_context = ServerContext.of(instance, runs_in, limits.frame_bytes_max, granted)
    listener = Listener(server_context, socket_path, limits)
    clean = True
    try:
        stop = asyncio.Event()
        _on_signals(stop.set)
        await runs_in.start()
        await listener.start(manager.listening)
        if metrics_port is not None:
            text = partial(_metrics_text, server_context)
            listener.metrics = await serve_metrics(metrics_port, text)
        log_event("listening", socket=str(listener.path), pid=os.getpid(), metrics_port=metrics_port)
        manager.notify(READY=1, STATUS=f"serves {listener.path}", MAINPID=os.getpid())
        if on_ready is not None:
            on_ready()
        watchdog = asyncio.create_task(manager.keep_watchdog_quiet())
        await stop.wait()
        watchdog.cancel()
        log_event("stopping", in_flight=listener.in_flight)
        manager.notify(STOPPING=1, STATUS=f"lets {listener.in_flight} connections finish")
        clean = await listener.stop()
    finally:
        server_context.close()
        if clean:
            instance.close()
        listener.remove_socket()
    log_event("stopped", clean=clean)
    return clean


class Listener:
    """Accepts connections on one Unix socket, and ends them. Lives in one event loop."""

    def __init__(self, server_context: ServerContext, path: Path, limits: Limits) -> None:
        self._server_context = server_context
        self.path = path
        self._limits = limits
        self._sessions: dict[Session, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self.metrics: asyncio.Server | None = None
        self._inode: int | None = None  # of the socket file, so that another daemon's is never removed

    async def start(self, given: tuple[socket.socket, Path] | None = None) -> None:
        """On the socket that is `given` with its path, which stays when this ends; else on a new one. Raises ProtocolError where
        that cannot be had."""
        if given is not None:
            listening, self.path = given
        else:
            listening = _bound(self.path)
            self._inode = self.path.stat().st_ino
        self._server = await asyncio.start_unix_server(self._connected, sock=listening, backlog=_BACKLOG)

    @property
    def in_flight(self) -> int:
        """Connections with a request that has no answer yet."""
        return sum(session.busy for session in self._sessions)

    async def stop(self) -> bool:
        """Accept no more, let requests finish, cancel those that take too long. False where some run even then."""
        assert self._server is not None
        self._server.close()
        if self.metrics is not None:
            self.metrics.close()
        for session in self._sessions:
            session.stop_reading()
        if await self._ended(self._limits.grace_s):
            return True
        for session in self._sessions:
            session.cancel_all()
        return await self._ended(self._limits.cancel_grace_s)

    def remove_socket(self) -> None:
        """Remove the socket file, unless another daemon has put its own in its place."""
        try:
            if self._inode is not None and self.path.stat().st_ino == self._inode:
                self.path.unlink()
        except FileNotFoundError:
            pass

    async def _ended(self, within_s: float) -> bool:
        if self._sessions:
            await asyncio.wait(self._sessions.values(), timeout=within_s)
        return not any(session.busy for session in self._sessions)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            authorize_peer(writer.get_extra_info("socket"))
            is_reserved = self._is_full()
            if is_reserved:
                self._make_reserved_room()
        except PaasqError as error:
            log_event("refused", why=error.message)
            writer.write(frame(error_message(None, error), Framing.LINES))
            writer.close()
            return
        session = Session(self._server_context, reader, writer, self._limits, is_reserved=is_reserved)
        task = asyncio.current_task()
        assert task is not None
        self._sessions[session] = task
        self._server_context.requests.connections = len(self._sessions)
        try:
            await session.run()
        except asyncio.CancelledError:  # the loop ends; asyncio would log it as a failure
            pass
        finally:
            del self._sessions[session]
            self._server_context.requests.connections = len(self._sessions)
            self._use_freed_room()

    def _is_full(self) -> bool:
        return sum(not each.is_reserved for each in self._sessions) >= self._limits.connections_max

    def _make_reserved_room(self) -> None:
        """Of the connections beyond the limit the oldest that has nothing under way makes room for a new one, so that none that
        idles keeps the owner out. Raises LimitExceeded."""
        reserved = [each for each in self._sessions if each.is_reserved and not each.is_closing]
        if len(reserved) < self._limits.connections_reserved:
            return
        idle = next((each for each in reserved if not each.busy), None)
        if idle is None:
            raise too_many_connections(self._limits)
        idle.stop_reading()

    def _use_freed_room(self) -> None:
        for each in self._sessions:
            if each.is_reserved and not self._is_full():
                each.is_reserved = False


async def _metrics_text(context: ServerContext) -> str:
    status = await asyncio.wrap_future(context.short_pool.submit(context.instance.status.report))
    return metrics_text(context.requests, context.executor.activity(), status)


def _on_signals(stop: Callable[[], None]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # whoever embeds the daemon in a thread owns the process's signals
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


def _bound(path: Path) -> socket.socket:
    """A socket at `path` that only this user can connect to. Raises ProtocolError with the mend."""
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX:
        raise ProtocolError(
            f"the socket's path is longer than the {SOCKET_PATH_BYTES_MAX} bytes that the system allows: {path}",
            "give a shorter one with --socket, such as one under $XDG_RUNTIME_DIR",
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        path.chmod(0o600)  # before listen(), so that nobody connects between the two
    except OSError as error:
        listening.close()
        raise ProtocolError(f"no socket can be made at {path}: {error}", "give another path with --socket") from None
    return listening


def _clear(path: Path) -> None:
    """Remove the socket of a daemon that died. Raises ProtocolError where one lives, or where no socket is."""
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise ProtocolError(f"{path} exists and is not a socket", "give another path with --socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise ProtocolError(f"{path} cannot be used: {error}", "give another path with --socket") from None
        peer = peer_credentials(probe)
        raise ProtocolError(
            f"a daemon{f', process {peer.pid},' if peer else ''} listens at {path} already",
            "use that one, stop it, or give another path with --socket",
        )
