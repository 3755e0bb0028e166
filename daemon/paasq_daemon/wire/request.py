"""A request: a text with its parameters, and the budget of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from paasq_daemon.wire.errors import InvalidValue
from paasq_dsl.time_zones import DEFAULT_ZONE

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a request may use: milliseconds from its arrival, rows and tokens of its answer. None is unbounded. Raises
    InvalidValue for a number below 0, and for a time of 0."""

    time_ms: float | None = None
    rows: int | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        if self.time_ms is not None and not self.time_ms > 0:
            raise InvalidValue(
                f"a budget of {self.time_ms:g} ms is not a time limit", "give more than 0 ms, or no time budget"
            )
        for name, count in (("rows", self.rows), ("tokens", self.tokens)):
            if count is not None and count < 0:
                raise InvalidValue(f"a budget of {count} {name} is below 0", "give 0 or more, or none")

    def within(self, other: Budget) -> Budget:
        """The smaller of each pair of limits."""
        return Budget(
            _smaller(self.time_ms, other.time_ms), _smaller(self.rows, other.rows), _smaller(self.tokens, other.tokens)
        )


@dataclass(frozen=True, slots=True)
class Request:
    """A text of the language with its parameters.

    `params` are JSON values by name without the `$`: times and durations as text, vectors as lists of numbers
    (`to_json_value` makes them so). They are never spliced into the text. Diagnostics name `source_name`. With
    `read_only` a text that writes is refused before any of it runs. `modules` are the texts that it uses, by path.
    `zone` is the time zone of a text that names none; `now_us` is what `@now` is, in microseconds since 1970 in UTC, and
    None the moment at which the request arrives. Commit times come from the store's clock alone. `after` is the cursor of
    an answer of the same text that its budget cut: this one has the rows behind it, of the same state.
    """

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = Budget()
    source_name: str = "<query>"
    read_only: bool = False
    modules: Mapping[str, str] = field(default_factory=dict)
    zone: str = DEFAULT_ZONE
    now_us: int | None = None
    after: str | None = None


def _smaller(one: Number | None, other: Number | None) -> Number | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)
