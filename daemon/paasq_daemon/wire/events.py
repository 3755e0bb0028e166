"""What a watch pushes: batches of events, and the iterator that gives them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self, TypeAlias

from paasq_daemon.wire.answer import ColumnInfo
from paasq_daemon.wire.errors import ProtocolError
from paasq_daemon.wire.row import Row
from paasq_daemon.wire.value_codecs import codec, decode, encode

# A record's key; where rows are no records, or one stands in several, what tells them apart, as JSON writes it.
Key: TypeAlias = "str | tuple[Any, ...]"


class Event(NamedTuple):
    """`event` is enter, change or leave; `row` as it is now, of a leave as it last was."""

    event: str
    key: Key
    row: Row


class RowChange(NamedTuple):
    """An event whose `values` are the engine's, one a column."""

    event: str
    key: Key
    values: list[Any]


@dataclass(frozen=True)
class EventBatch:
    """What became different from the batch before. Iterating gives `Event`s: leaves first, then the others in the order of
    the result.

    With it the result is that of sequence number `seq` and of `now_us`, and `cursor` goes on right behind it. A large one
    comes in parts, of which the last alone is `live` and has a cursor.
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
        """Itself in pieces of so many events."""
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
                f"these are no events of paasq: {error!r}", "are client and daemon of one version?"
            ) from error


def _key(key: Any) -> Key:
    return tuple(key) if isinstance(key, list) else str(key)


class Watch(ABC, Iterator[EventBatch]):
    """The events of a standing query, batch after batch, without end: iterate it in one thread, close it in any.

    The next batch is made when it is asked for, from what has changed since the one before. Raises PaasqError where the
    query can't be answered any more, and ends where it is closed.
    """

    @abstractmethod
    def close(self) -> None:
        """End the watch: the iteration stops, in whichever thread it runs. May be called more than once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
