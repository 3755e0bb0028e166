"""What is asked and what is answered: the messages of the wire and of the engine alike."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from paasq_daemon.wire.errors import BudgetExceeded, Cancelled, InvalidValue, ProtocolError
from paasq_daemon.wire.row import Row
from paasq_daemon.wire.values import codec
from paasq_dsl.zones import DEFAULT_ZONE

if TYPE_CHECKING:
    from rich.console import RenderableType

Number = TypeVar("Number", int, float)
_LABELS = ("complete", "reason", "cursor", "seq", "elapsed_ms", "tokens")
CHARACTERS_A_TOKEN = 4  # of English text, by which the tokens of an answer are estimated


@dataclass(frozen=True, slots=True)
class Budget:
    """What a request may use: milliseconds from its arrival, rows and tokens of its answer. None bounds nothing. Raises
    InvalidValue for a number below 0, and for no time at all."""

    time_ms: float | None = None
    rows: int | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        if self.time_ms is not None and not self.time_ms > 0:
            raise InvalidValue(f"a budget of {self.time_ms:g} ms is no time", "give more than 0 ms, or no time budget")
        for name, count in (("rows", self.rows), ("tokens", self.tokens)):
            if count is not None and count < 0:
                raise InvalidValue(f"a budget of {count} {name} is below 0", "give 0 or more, or none")

    def within(self, other: Budget) -> Budget:
        """Of each limit the smaller one."""
        return Budget(
            _smaller(self.time_ms, other.time_ms), _smaller(self.rows, other.rows), _smaller(self.tokens, other.tokens)
        )


@dataclass(frozen=True, slots=True)
class Request:
    """A text of the language with its parameters.

    `params` are JSON values by name without the `$`: times and durations as text, vectors as lists of numbers
    (`values.plain` makes them so). They are never spliced into the text. `source_name` stands in diagnostics. With
    `read_only` a text that writes is refused before any of it runs. `modules` are the texts that it uses, by path.
    `zone` is the time zone of a text that names none; `now_us` is what `@now` is, in microseconds since 1970 in UTC, and
    None the moment at which the request arrives. When a write happened is told by the store's clock alone.
    """

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = Budget()
    source_name: str = "<query>"
    read_only: bool = False
    modules: Mapping[str, str] = field(default_factory=dict)
    zone: str = DEFAULT_ZONE
    now_us: int | None = None


class Cancellation:
    """A thread-safe token: work calls `check` every few milliseconds, anybody calls `cancel`."""

    def __init__(self, time_ms: float | None = None) -> None:
        """`time_ms` counts from now."""
        self.time_ms = time_ms
        self.deadline_s = None if time_ms is None else time.monotonic() + time_ms / 1000
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    def cancel(self) -> None:
        with self._lock:
            self._cancelled.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], object]) -> None:
        """`callback` runs once, in the thread that cancels, or at once where that has happened. It must not block."""
        with self._lock:
            if not self._cancelled.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def within(self, time_ms: float | None) -> Cancellation:
        """One that is cancelled with this, and has so much time from now, but no more than this has left."""
        if time_ms is None:
            return self
        inner = Cancellation(time_ms)
        inner._cancelled = self._cancelled
        if self.deadline_s is not None and inner.deadline_s is not None and self.deadline_s < inner.deadline_s:
            inner.time_ms, inner.deadline_s = self.time_ms, self.deadline_s
        return inner

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def out_of_time(self) -> bool:
        """For work that can stop early with a partial answer, labelled `time`."""
        return self.deadline_s is not None and time.monotonic() >= self.deadline_s

    @property
    def remaining_s(self) -> float | None:
        """Seconds left, not below 0; None without a deadline."""
        return None if self.deadline_s is None else max(0.0, self.deadline_s - time.monotonic())

    def check(self) -> None:
        """Raises Cancelled or BudgetExceeded."""
        if self._cancelled.is_set():
            raise Cancelled("the request was cancelled")
        if self.out_of_time:
            raise BudgetExceeded(
                f"the time budget of {self.time_ms:g} ms ran out before there was an answer",
                "give more time, or ask for less with `where` or `take`",
            )


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column's name and its type as `str(Type)` writes it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class FacetCount:
    """One value of a facet and how many rows have it. `value` is as JSON writes it: a time is text."""

    value: Any
    count: int


@dataclass(frozen=True, slots=True)
class PutResult:
    """The keys of the records put, in the order given, and the store's sequence number that holds them all."""

    keys: tuple[str, ...]
    seq: int


@dataclass
class Answer:
    """Rows with their labels. Iterating gives `Row`s in the answer's order, their values Python's.

    `rows` are lists of engine values (a time is an int of microseconds), one value a column. `reason` says why an
    answer is not complete (limit, time, rows, tokens, approximate); `cursor` is None on the last page; `seq` is the
    store's sequence number that the whole answer was read at; `tokens` estimates what the rows
    cost in an LLM's context; `facet_types` are those of the values counted, as in `ColumnInfo`; `zone` is the time zone that
    the text was read in, and that people are shown times in.
    """

    columns: tuple[ColumnInfo, ...]
    rows: list[list[Any]]
    complete: bool = True
    reason: str | None = None
    cursor: str | None = None
    seq: int = 0
    elapsed_ms: float = 0.0
    facets: Mapping[str, list[FacetCount]] = field(default_factory=dict)
    facet_types: Mapping[str, str] = field(default_factory=dict)
    plan: str | None = None
    tokens: int | None = None
    zone: str = DEFAULT_ZONE

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return (self._row(values) for values in self.rows)

    def __getitem__(self, at: int) -> Row:
        return self._row(self.rows[at])

    def to_dicts(self) -> list[dict[str, Any]]:
        return [row.to_dict() for row in self]

    def to_json(self) -> dict[str, Any]:
        """One JSON object; each row an object by column name."""
        names = [column.name for column in self.columns]
        encoders = [codec(column.type).encode for column in self.columns]
        return {
            "columns": [{"name": column.name, "type": column.type} for column in self.columns],
            "rows": [
                {name: encode(value) for name, encode, value in zip(names, encoders, row, strict=True)}
                for row in self.rows
            ],
            "complete": self.complete,
            "reason": self.reason,
            "cursor": self.cursor,
            "seq": self.seq,
            "elapsed_ms": round(self.elapsed_ms, 3),
            "tokens": self.tokens,
            "facets": {
                name: [{"value": count.value, "count": count.count} for count in counts]
                for name, counts in self.facets.items()
            },
        } | self._rare_labels()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Answer:
        """The inverse of `to_json`. Raises ProtocolError on what it never writes."""
        try:
            columns = tuple(ColumnInfo(column["name"], column["type"]) for column in data["columns"])
            decoders = [(column.name, codec(column.type).decode) for column in columns]
            return cls(
                columns=columns,
                rows=[[decode(row[name]) for name, decode in decoders] for row in data["rows"]],
                facets={
                    name: [FacetCount(count["value"], count["count"]) for count in counts]
                    for name, counts in data["facets"].items()
                },
                facet_types=data.get("facet_types", {}),
                plan=data.get("plan"),
                zone=data.get("zone", DEFAULT_ZONE),
                **{name: data[name] for name in _LABELS},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ProtocolError(
                f"this is no answer of paasq: {error!r}", "are client and daemon of one version?"
            ) from error

    def _rare_labels(self) -> dict[str, Any]:
        facet_types = {"facet_types": dict(self.facet_types)} if self.facet_types else {}
        plan = {} if self.plan is None else {"plan": self.plan}
        return facet_types | plan | ({} if self.zone == DEFAULT_ZONE else {"zone": self.zone})

    def __rich__(self) -> RenderableType:
        from paasq_daemon.wire.render import table  # noqa: PLC0415  # rich loads only where a terminal wants it

        return table(self)

    def _row(self, values: list[Any]) -> Row:
        return Row(self._positions, [present(value) for present, value in zip(self._presenters, values, strict=True)])

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {column.name: at for at, column in enumerate(self.columns)}

    @cached_property
    def _presenters(self) -> list[Any]:
        return [codec(column.type).present for column in self.columns]


def estimated_tokens(row: list[Any]) -> int:
    """Of one row, from its characters; a value that is no text counts as eight of them."""
    return -(-sum(map(_characters, row)) // CHARACTERS_A_TOKEN)


def _characters(value: Any) -> int:
    match value:
        case None:
            return 0
        case str():
            return len(value)
        case bytes():
            return 4 * len(value) // 3  # in base64
        case dict():
            return sum(len(name) + _characters(inner) for name, inner in value.items())
        case _:
            return 8


def _smaller(one: Number | None, other: Number | None) -> Number | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)
