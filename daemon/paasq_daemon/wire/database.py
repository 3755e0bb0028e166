"""The interface of a store, whether it is open in this process or served by a daemon."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from paasq_daemon.wire.answer import Answer, PutResult
from paasq_daemon.wire.answer_parts import PART_ROWS, AnswerParts
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.events import Watch
from paasq_daemon.wire.paths import StrPath
from paasq_daemon.wire.request import Request
from paasq_daemon.wire.row import Row
from paasq_dsl.catalog import Catalog
from paasq_dsl.time_zones import DEFAULT_ZONE


class Database(ABC):
    """A store. Thread-safe. Every method raises PaasqError where the store fails.

    Values given are Python's: text, numbers, bools, None, aware datetimes, timedelta or Duration, lists, numpy arrays.
    `zone` is the time zone of texts that name none: of their times, and those of their parameters, without an offset.
    """

    zone: str = DEFAULT_ZONE

    def query(self, text: str, /, **params: Any) -> Answer:
        """Run a text of the language, reads and writes alike; `params` by name without the `$`."""
        return self.request(Request(text, params, zone=self.zone))

    def stream(self, text: str, /, **params: Any) -> Iterator[Row]:
        """The rows of one query, however many, as of one moment. They are read in parts, each when the one before is used up."""
        for answer in self.parts(Request(text, params, zone=self.zone)):
            yield from answer

    def parts(self, request: Request, rows: int = PART_ROWS) -> Iterator[Answer]:
        """As `stream`, answer by answer of `rows` rows, fewer where these are long. A budget may have a time, which is that of
        each part. Raises ReadOnly for a text that writes, StoreError where that moment's history was trimmed meanwhile."""
        parts = AnswerParts(request, rows)
        while parts.wanted is not None:
            answer = self.request(parts.wanted)
            if parts.take(answer):
                yield answer

    def watch(self, text: str, /, **params: Any) -> Watch:
        """The events of a continuous query, `watch from ...`: iterate it, and close it in the end."""
        return self.open_watch(Request(text, params, zone=self.zone))

    @abstractmethod
    def open_watch(self, request: Request) -> Watch:
        """As `watch`. A request for one has no budget."""

    @abstractmethod
    def request(self, request: Request, cancel: CancellationToken | None = None) -> Answer:
        """As `query`, with a budget, and a token by which another thread may cancel it."""

    @abstractmethod
    def explain(self, text: str, /, **params: Any) -> Answer:
        """The plan of a text, in `Answer.plan`; the text does not run."""

    @abstractmethod
    def get(self, collection: str, key: str) -> dict[str, Any] | None:
        """One record as Python values by field name; None where there is none."""

    @abstractmethod
    def put(self, collection: str, records: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> PutResult:
        """Insert or replace one record or several, all or none. Returns when they are on disk."""

    @abstractmethod
    def catalog(self) -> Catalog:
        """The present catalog: collections with their fields, and views."""

    @abstractmethod
    def status(self) -> dict[str, Any]:
        """JSON about the store: what it holds, its sequence number, and who serves it."""

    @abstractmethod
    def health(self) -> dict[str, Any]:
        """JSON: `ok`, the `problems` in words, whether `writes` are taken, and since when the data file is known to be sound:
        `checked`. Nothing is read for it, so that it answers at once."""

    @abstractmethod
    def values(self, collection: str, field: str, prefix: str = "", limit: int = 20) -> list[tuple[str, int]]:
        """Values of a keyword or link field that begin with `prefix`, with how many records have each; most first."""

    @abstractmethod
    def check(self, text: str, modules: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Diagnostics of a text, without running it. `modules` are the texts that it uses, by path."""

    @abstractmethod
    def embed(
        self, *, seconds_max: float | None = None, collection: str | None = None, replace: bool = False
    ) -> dict[str, Any]:
        """Compute pending vectors, for `seconds_max` seconds at most. Returns what was done and what is left."""

    @abstractmethod
    def compact(self) -> dict[str, Any]:
        """Give disk space back: write data file and index anew without what is dead. The daemon does it by itself where much is.
        Returns the bytes before and after, of each."""

    @abstractmethod
    def expire(self, *, dry_run: bool = False, trust_clock: bool = False) -> dict[str, Any]:
        """Delete the records that are past the time that their collection keeps them, and trim history, as the daemon does by
        itself. JSON: what was `due` and how many `past_versions`, by collection; with `dry_run` nothing is done. Raises
        InvalidValue where the clock may have jumped ahead, and `trust_clock` does not say that it is right.
        """

    @abstractmethod
    def schema_apply(
        self, text: str, *, renames: Mapping[str, str] | None = None, whole: bool = False, drop: bool = False,
        dry_run: bool = True, source_name: str = "<schema>",
    ) -> dict[str, Any]:  # fmt: skip
        """Bring the store to the schema that a script declares, all changes or none; by default it is tried and rolled back.

        `renames` are old names, `collection.field`, to new ones; `whole` drops what the script does not declare; without `drop`
        what loses data is refused. JSON with each statement, its risk and how many records it concerned.
        """

    @abstractmethod
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
        """Make a snapshot, durable when this returns: what `snapshot_list` says of it.

        `to` is a path or the URL of an object store, None for the store's own folder. A damaged store is refused
        unless `damaged` allows it; the damage is then named. `verify` reads back what was written. `key_file` or
        `passphrase_file` is read for the key that it is encrypted by, `sign` for the private key that it is signed by: files
        of the machine that has the store. Raises SnapshotError where the name is taken.
        """

    @abstractmethod
    def snapshot_list(self) -> list[dict[str, Any]]:
        """All snapshots as JSON, oldest first; those that cannot be used come last, and `problem` says why."""

    @abstractmethod
    def snapshot_verify(self, name: str, depth: int = 2) -> dict[str, Any]:
        """Verify a snapshot: `depth` 1 checks chain and sizes, 2 also hashes, 3 also restores it and compares."""

    @abstractmethod
    def snapshot_delete(self, name: str) -> dict[str, Any]:
        """Delete a snapshot, and the objects that no other one needs. Raises SnapshotError where there is none."""

    @abstractmethod
    def snapshot_restore(
        self, name: str | None, into: StrPath, *, at: int | str | None = None, zone: str = DEFAULT_ZONE
    ) -> dict[str, Any]:
        """Restore a snapshot into the new folder `into`, durably; what `snapshot_list` says of it, and the `origin` of the store.

        With `at` the store as it was at a moment: a sequence number, or an ISO 8601 time, which without an offset is one of
        `zone`; from any snapshot where `name` is None. Raises SnapshotError.
        """

    @abstractmethod
    def snapshot_archive(
        self, *, to: StrPath | None = None, key_file: StrPath | None = None, passphrase_file: StrPath | None = None
    ) -> dict[str, Any]:
        """Archive beside the snapshots what was written since the last time, durably; counts, and `last`, up to where it is.

        `to` and the key are as in `snapshot_create`. Raises SnapshotError where no snapshot there begins the archive.
        """

    @abstractmethod
    def dump(self, into: StrPath, *, vectors: bool = True, history: bool = False) -> dict[str, Any]:
        """Write everything into the archive `into`, whole and durable when this returns; counts. Without `vectors` those made of
        text are left out; `history` takes past versions and the journal too. `paasq.load` makes a store of it."""

    @abstractmethod
    def close(self) -> None:
        """Close the store, or the connection to its daemon."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def label_list(labels: Iterable[str]) -> list[str]:
    """The labels of a snapshot. Raises TypeError where a text is given in place of a list: it would be cut into letters."""
    found = [labels] if isinstance(labels, str) else list(labels)
    if isinstance(labels, str) or not all(isinstance(each, str) for each in found):
        raise TypeError(f"labels must be a list of texts: [{', '.join(repr(str(each)) for each in found)}]")
    return found
