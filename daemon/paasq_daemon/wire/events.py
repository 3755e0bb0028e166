"""The events of a watch: batches, and the iterator over them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self, TypeAlias

from paasq_daemon.wire.answer import ColumnInfo
from paasq_daemon.wire.errors import DaemonUnavailable, PaasqError, ProtocolError
from paasq_daemon.wire.row import Row
from paasq_daemon.wire.value_codecs import codec, decode, encode

WATCH_EVENTS = "watch.events"  # the notifications of a watch
WATCH_ENDED = "watch.ended"
BATCHES_WAITING_MAX = 4  # more are not read: the daemon then merges later changes into one batch (backpressure)

# A record's key; where rows are not records, or a record has several rows, the values that identify a row, as JSON.
Key: TypeAlias = "str | tuple[Any, ...]"


class Event(NamedTuple):
    """`event` is enter, change or leave; `row` holds the present values, for leave the last ones."""

    event: str
    key: Key
    row: Row


class RowChange(NamedTuple):
    """An event with engine values, one a column."""

    event: str
    key: Key
    values: list[Any]


@dataclass(frozen=True)
class EventBatch:
    """The differences from the batch before. Iterating gives `Event`s: leaves first, then the others in the order of
    the result.

    After it the result is that of sequence number `seq` and of `now_us` (microseconds since 1970, UTC); `cursor` resumes
    right after it. A large batch comes in parts, of which only the last is `live` and has a cursor.
    """

    columns: tuple[ColumnInfo, ...]
    changes: Sequence[RowChange]
    seq: int
    now_us: int
    cursor: str | None
    live: bool = True

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Event]:
        positions = {column.name: at for at, column in enumerate(self.columns)}
        presenters = [codec(column.type).to_python for column in self.columns]
        for event, key, values in self.changes:
            yield Event(
                event, key, Row(positions, [show(value) for show, value in zip(presenters, values, strict=True)])
            )

    def parts(self, events_max: int) -> list[EventBatch]:
        """The batch in parts of `events_max` events at most, in order; at least one part."""
        starts = range(0, len(self.changes), events_max) or range(1)
        pieces = [replace(self, changes=self.changes[at : at + events_max]) for at in starts]
        return [*(replace(piece, cursor=None, live=False) for piece in pieces[:-1]), pieces[-1]]

    def to_json(self) -> dict[str, Any]:
        """What the notification `watch.events` carries; each row is an object by column name."""
        names = [column.name for column in self.columns]
        encoders = [codec(column.type).encode for column in self.columns]

        def row(values: list[Any]) -> dict[str, Any]:
            return {name: show(value) for name, show, value in zip(names, encoders, values, strict=True)}

        return {
            "columns": [{"name": column.name, "type": column.type} for column in self.columns],
            "events": [{"event": event, "key": key, "row": row(values)} for event, key, values in self.changes],
            "seq": self.seq,
            "now": encode(self.now_us, "time"),
            "cursor": self.cursor,
            "live": self.live,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EventBatch:
        """The inverse of `to_json`. Raises ProtocolError on what it never writes."""
        try:
            columns = tuple(ColumnInfo(column["name"], column["type"]) for column in data["columns"])
            decoders = [(column.name, codec(column.type).decode) for column in columns]
            changes = [
                RowChange(each["event"], _key(each["key"]), [read(each["row"][name]) for name, read in decoders])
                for each in data["events"]
            ]
            now_us = decode(data["now"], "time")
            return cls(columns, changes, data["seq"], now_us, data["cursor"], data["live"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ProtocolError(
                f"these are not events of paasq: {error!r}", "are client and daemon of one version?"
            ) from error


def connection_ended(why: PaasqError) -> PaasqError:
    """What a watch raises where its connection ended, or its query did."""
    if not isinstance(why, DaemonUnavailable):
        return why
    return DaemonUnavailable(why.message, "go on after the cursor of the last batch, when a daemon listens again")


def _key(key: Any) -> Key:
    return tuple(key) if isinstance(key, list) else str(key)


class Watch(ABC, Iterator[EventBatch]):
    """The events of a continuous query, an endless iterator of batches: iterate it in one thread, close it in any.

    The consumer sets the pace (backpressure): a batch has all changes since the one before. Raises PaasqError where the
    query fails, and stops when it is closed.
    """

    @abstractmethod
    def close(self) -> None:
        """End the watch: the iteration stops, in whichever thread it runs. May be called more than once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
