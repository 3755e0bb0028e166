"""Records by key, without a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paasq_daemon.services.catalog import find_collection
from paasq_daemon.store.store import Store
from paasq_daemon.wire.answer import PutResult
from paasq_daemon.wire.errors import CorruptRecord
from paasq_daemon.writes.catalog_retry import retry_on_catalog_change
from paasq_daemon.writes.transactor import Transactor


@dataclass(eq=False)
class RecordService:
    """Reads and writes whole records. Every method may be called from any thread."""

    store: Store
    transactor: Transactor

    def get(self, collection: str, key: str) -> dict[str, Any] | None:
        """A record's values by field name, objects nested, with `_version`, `_seq` and `_time`; None where there is none.

        A time is an int of microseconds since 1970, UTC. Raises InvalidValue where there is no such collection, CorruptRecord
        where the record may be one of those that are lost.
        """
        with self.store.read() as view:
            found = find_collection(view.catalog, collection)
            record = view.get(found.id, key)
            if record is None:
                if found.id in view.lost:
                    raise CorruptRecord(
                        f"records of {collection} are lost, and {collection}:{key} may be one of them",
                        "stop the daemon, and run `paasq doctor --repair`",
                    )
                return None
            document = record.to_document(found, view.given_vectors(found, record))
        system = {"_version": record.version, "_seq": record.seq, "_time": record.time_us}
        return {**document, **system}

    def put(self, collection: str, records: list[dict[str, Any]]) -> PutResult:
        """Insert or replace records given as JSON objects: all of them, or with an error none.

        Raises InvalidValue and ConflictError as `Transactor.put_json` does.
        """

        def attempt() -> PutResult:
            with self.store.read() as view:
                found = find_collection(view.catalog, collection)
            return self.transactor.put_json(found, records)

        return retry_on_catalog_change(attempt)
