"""A store open in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

from paasq_daemon.instance import Instance
from paasq_daemon.services.snapshots import snapshot_to_json, verification_to_json
from paasq_daemon.snapshot.create import CreateOptions
from paasq_daemon.snapshot.encryption_key import given_key
from paasq_daemon.snapshot.moment import parse_moment
from paasq_daemon.watches.continuous_query import ContinuousQuery
from paasq_daemon.wire.answer import Answer, PutResult
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.catalog_codecs import record_to_python
from paasq_daemon.wire.database import Database, label_list
from paasq_daemon.wire.errors import Cancelled
from paasq_daemon.wire.events import EventBatch, Watch
from paasq_daemon.wire.paths import StrPath, absolute_address, absolute_path
from paasq_daemon.wire.request import Request
from paasq_daemon.wire.value_codecs import to_json_value
from paasq_dsl.catalog import Catalog
from paasq_dsl.time_zones import DEFAULT_ZONE


class EmbeddedWatch(Watch):
    """A watch in this process; its query runs in the thread that iterates it."""

    def __init__(self, query: ContinuousQuery) -> None:
        self._query = query
        self._closed = False
        self._due = threading.Event()
        self._due.set()  # the first batch comes at once
        query.on_due = self._due.set

    def __next__(self) -> EventBatch:
        while True:
            self._due.wait()
            if self._closed:
                raise StopIteration
            time.sleep(self._query.cooldown_s)
            self._due.clear()
            try:
                batch = self._query.next_events()
            except Cancelled:
                raise StopIteration from None
            if batch is not None:
                return batch

    def close(self) -> None:
        self._closed = True
        self._query.close()


class EmbeddedDatabase(Database):
    """A store open in this process. Owns its instance: closing it closes the instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def request(self, request: Request, cancel: CancellationToken | None = None) -> Answer:
        given = changed(request, params=to_json_value(request.params)) if request.params else request
        return self._instance.engine.query(given, cancel or CancellationToken(request.budget.time_ms))

    def open_watch(self, request: Request) -> EmbeddedWatch:
        return EmbeddedWatch(self._instance.watch(changed(request, params=to_json_value(request.params))))

    def explain(self, text: str, /, **params: Any) -> Answer:
        return self._instance.engine.explain(Request(text, to_json_value(params), zone=self.zone))

    def get(self, collection: str, key: str) -> dict[str, Any] | None:
        record = self._instance.records.get(collection, key)
        return None if record is None else record_to_python(record, self.catalog().collections[collection])

    def put(self, collection: str, records: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> PutResult:
        several = [records] if isinstance(records, Mapping) else list(records)
        for at, record in enumerate(several):
            if not isinstance(record, Mapping):
                raise TypeError(f"records[{at}] must be a mapping of fields, not a {type(record).__name__}")
        return self._instance.records.put(collection, to_json_value(several))

    def catalog(self) -> Catalog:
        return self._instance.catalog.current()

    def status(self) -> dict[str, Any]:
        return self._instance.status.report()

    def health(self) -> dict[str, Any]:
        return self._instance.health.report()

    def values(self, collection: str, field: str, prefix: str = "", limit: int = 20) -> list[tuple[str, int]]:
        return list(self._instance.catalog.values(collection, field, prefix, limit))

    def check(self, text: str, modules: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        return self._instance.engine.check(text, modules)

    def embed(
        self, *, seconds_max: float | None = None, collection: str | None = None, replace: bool = False
    ) -> dict[str, Any]:
        return self._instance.embedding.run(seconds_max=seconds_max, collection=collection, replace=replace)

    def compact(self) -> dict[str, Any]:
        return self._instance.compaction.run()

    def expire(self, *, dry_run: bool = False, trust_clock: bool = False) -> dict[str, Any]:
        return self._instance.retention.run(dry_run=dry_run, trust_clock=trust_clock)

    def schema_apply(
        self, text: str, *, renames: Mapping[str, str] | None = None, whole: bool = False, drop: bool = False,
        dry_run: bool = True, source_name: str = "<schema>",
    ) -> dict[str, Any]:  # fmt: skip
        return self._instance.schema.apply(
            text, renames=renames or {}, whole=whole, drop=drop, dry_run=dry_run, source_name=source_name
        )

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
        signing_key = None if sign is None else absolute_path(sign)
        options = CreateOptions(tuple(label_list(labels)), damaged=damaged, verify=verify, sign=signing_key)
        key = given_key(key_file, passphrase_file)
        where = None if to is None else absolute_address(to)
        return snapshot_to_json(self._instance.snapshots.create(name, options, where, key))

    def snapshot_list(self) -> list[dict[str, Any]]:
        return [snapshot_to_json(manifest) for manifest in self._instance.snapshots.list()]

    def snapshot_verify(self, name: str, depth: int = 2) -> dict[str, Any]:
        return verification_to_json(self._instance.snapshots.verify(name, depth))

    def snapshot_delete(self, name: str) -> dict[str, Any]:
        return self._instance.snapshots.delete(name)

    def snapshot_restore(
        self, name: str | None, into: StrPath, *, at: int | str | None = None, zone: str = DEFAULT_ZONE
    ) -> dict[str, Any]:
        moment = None if at is None else parse_moment(str(at), zone)
        return self._instance.snapshots.restore(name, Path(into), moment)

    def snapshot_archive(
        self, *, to: StrPath | None = None, key_file: StrPath | None = None, passphrase_file: StrPath | None = None
    ) -> dict[str, Any]:
        where = None if to is None else absolute_address(to)
        return self._instance.snapshots.archive(where, given_key(key_file, passphrase_file))

    def dump(self, into: StrPath, *, vectors: bool = True, history: bool = False) -> dict[str, Any]:
        return self._instance.archives.dump(Path(into), vectors=vectors, history=history)

    def close(self) -> None:
        self._instance.close()
