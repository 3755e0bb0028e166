"""The client of a store that a daemon serves on a socket."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from paasq_daemon.wire.answer import Answer, PutResult
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.catalog_codecs import decode_catalog, decode_record
from paasq_daemon.wire.client_connection import Connection
from paasq_daemon.wire.database import Database, label_list
from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.wire.paths import StrPath, absolute_address, absolute_path
from paasq_daemon.wire.remote_watch import RemoteWatch
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.wire.value_codecs import to_json_value
from paasq_dsl.catalog import Catalog
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.values import format_time

CONNECT_TIMEOUT_S = 5.0


class Client(Database):
    """Thread-safe; requests of several threads run concurrently. A connection that the daemon closed is reopened."""

    def __init__(self, socket: StrPath, connect_timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        self.socket = Path(socket)
        self._connect_timeout_s = connect_timeout_s
        self._lock = threading.Lock()
        self._closed = False
        self._connection = Connection(self.socket, connect_timeout_s)

    @classmethod
    def connect(cls, socket: StrPath, *, answers_within_s: float | None = None) -> Self:
        """Connect to the daemon at `socket`. Raises DaemonUnavailable where none listens, or where it does not answer a ping in
        that time, which it does at once however busy it is."""
        client = cls(socket)
        if answers_within_s is not None:
            try:
                client._connection.require_answer(answers_within_s)
            except BaseException:
                client.close()
                raise
        return client

    def call(self, method: str, params: Mapping[str, Any], cancel: CancellationToken | None = None) -> Any:
        """Call a method of the daemon by its name on the wire; parameters and result are JSON. Raises what the daemon raises."""
        return self._live().call(method, params, cancel)

    def request(self, request: Request, cancel: CancellationToken | None = None) -> Answer:
        now = None if request.now_us is None else format_time(request.now_us)
        params = {**_text(request), "budget": _budget(request.budget), "now": now}
        return Answer.from_json(self.call("query", params, cancel))

    def open_watch(self, request: Request) -> RemoteWatch:
        if request.budget != Budget():
            raise InvalidValue("a watch takes no budget", "bound its rows with take")
        return RemoteWatch(self.socket, self._connect_timeout_s, _text(request))

    def explain(self, text: str, /, **params: Any) -> Answer:
        return Answer.from_json(
            self.call("explain", {"text": text, "params": to_json_value(params), "zone": self.zone})
        )

    def get(self, collection: str, key: str) -> dict[str, Any] | None:
        message = self.call("get", {"collection": collection, "key": key})
        return None if message is None else decode_record(message)

    def put(self, collection: str, records: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> PutResult:
        several = [records] if isinstance(records, Mapping) else list(records)
        done = self.call("put", {"collection": collection, "records": to_json_value(several)})
        return PutResult(tuple(done["keys"]), done["seq"])

    def catalog(self) -> Catalog:
        return decode_catalog(self.call("catalog", {}))

    def status(self) -> dict[str, Any]:
        return dict(self.call("status", {}))

    def health(self) -> dict[str, Any]:
        return dict(self.call("health", {}))

    def values(self, collection: str, field: str, prefix: str = "", limit: int = 20) -> list[tuple[str, int]]:
        params = {"collection": collection, "field": field, "prefix": prefix, "limit": limit}
        return [(each["value"], each["count"]) for each in self.call("values", params)]

    def check(self, text: str, modules: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        return list(self.call("check", {"text": text, "modules": dict(modules or {})}))

    def embed(
        self, *, seconds_max: float | None = None, collection: str | None = None, replace: bool = False
    ) -> dict[str, Any]:
        return dict(self.call("embed", {"seconds_max": seconds_max, "collection": collection, "replace": replace}))

    def compact(self) -> dict[str, Any]:
        return dict(self.call("compact", {}))

    def expire(self, *, dry_run: bool = False, trust_clock: bool = False) -> dict[str, Any]:
        return dict(self.call("expire", {"dry_run": dry_run, "trust_clock": trust_clock}))

    def schema_apply(
        self, text: str, *, renames: Mapping[str, str] | None = None, whole: bool = False, drop: bool = False,
        dry_run: bool = True, source_name: str = "<schema>",
    ) -> dict[str, Any]:  # fmt: skip
        options = {"whole": whole, "drop": drop, "dry_run": dry_run, "source_name": source_name}
        return dict(self.call("schema.apply", {"text": text, "renames": dict(renames or {}), **options}))

    def snapshot_create(
        self,
        name: str,
        *,
        to: StrPath | None = None,
        labels: Iterable[str] = (),
        damaged: bool = False,
        verify: bool = True,
        key_file: StrPath | None = None,
        passphrase_file: StrPath | None = None,
        sign: StrPath | None = None,
    ) -> dict[str, Any]:
        params: dict[str, Any] = {"name": name, "labels": label_list(labels), "damaged": damaged, "verify": verify}
        files = _given_files(key_file=key_file, passphrase_file=passphrase_file, sign=sign)
        return dict(self.call("snapshot.create", params | _given_place(to) | files))

    def snapshot_list(self) -> list[dict[str, Any]]:
        return list(self.call("snapshot.list", {}))

    def snapshot_verify(self, name: str, depth: int = 2) -> dict[str, Any]:
        return dict(self.call("snapshot.verify", {"name": name, "depth": depth}))

    def snapshot_delete(self, name: str) -> dict[str, Any]:
        return dict(self.call("snapshot.delete", {"name": name}))

    def snapshot_restore(
        self, name: str | None, into: StrPath, *, at: int | str | None = None, zone: str = DEFAULT_ZONE
    ) -> dict[str, Any]:
        moment = None if at is None else str(at)
        params = {"name": name, "into": str(Path(into).absolute()), "at": moment, "zone": zone}
        return dict(self.call("snapshot.restore", params))

    def snapshot_archive(
        self, *, to: StrPath | None = None, key_file: StrPath | None = None, passphrase_file: StrPath | None = None
    ) -> dict[str, Any]:
        files = _given_files(key_file=key_file, passphrase_file=passphrase_file)
        return dict(self.call("snapshot.archive", _given_place(to) | files))

    def dump(self, into: StrPath, *, vectors: bool = True, history: bool = False) -> dict[str, Any]:
        return dict(self.call("dump", {"into": str(Path(into).absolute()), "vectors": vectors, "history": history}))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._connection.close()

    def _live(self) -> Connection:
        """The daemon closes idle connections, and all at a restart; no request is lost by that, so reconnecting is safe."""
        with self._lock:
            if self._connection.ended and not self._closed:
                self._connection = Connection(self.socket, self._connect_timeout_s)
            return self._connection


def _text(request: Request) -> dict[str, Any]:
    return {
        "text": request.text,
        "params": to_json_value(request.params),
        "source_name": request.source_name,
        "read_only": request.read_only,
        "modules": dict(request.modules),
        "zone": request.zone,
    }


def _budget(budget: Budget) -> dict[str, Any]:
    return {"time_ms": budget.time_ms, "rows": budget.rows, "tokens": budget.tokens}


def _given_place(to: StrPath | None) -> dict[str, str | None]:
    return {"to": None if to is None else absolute_address(to)}


def _given_files(**paths: StrPath | None) -> dict[str, str]:
    return {param: str(absolute_path(path)) for param, path in paths.items() if path is not None}
