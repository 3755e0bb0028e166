"""What is done with a text, in a thread or in a process of its own: an engine in, the JSON of the result out."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from paasq_daemon.engine import Engine
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.json_rpc import dump_bounded
from paasq_daemon.wire.request import Request


class TextTask(Protocol):
    """Can be sent to another process."""

    def run(self, engine: Engine, cancellation: CancellationToken, answer_bytes_max: int) -> bytes:
        """The result, in JSON where a client gets it. Raises LimitExceeded where that is longer than it may be, and what the
        engine raises."""
        ...


@dataclass(frozen=True, slots=True)
class QueryTask:
    """Run the statements of a text."""

    request: Request

    def run(self, engine: Engine, cancellation: CancellationToken, answer_bytes_max: int) -> bytes:
        """The last statement's answer."""
        return dump_bounded(engine.query(self.request, cancellation).to_json(), answer_bytes_max)


@dataclass(frozen=True, slots=True)
class WatchStartTask:
    """Begin a watch."""

    request: Request

    def run(self, engine: Engine, cancellation: CancellationToken, answer_bytes_max: int) -> bytes:
        """A WatchStart, pickled."""
        del answer_bytes_max
        return pickle.dumps(engine.watch(self.request).start(cancellation))


@dataclass(frozen=True, slots=True)
class WatchRowsTask:
    """Give the rows of a watch; `receipt` as WatchEvaluator has it."""

    request: Request
    receipt: int | None

    def run(self, engine: Engine, cancellation: CancellationToken, answer_bytes_max: int) -> bytes:
        """WatchRows, pickled."""
        del answer_bytes_max
        return pickle.dumps(engine.watch(self.request).rows(self.receipt, cancellation))


@dataclass(frozen=True, slots=True)
class ExplainTask:
    """Plan a text that is one query."""

    request: Request

    def run(self, engine: Engine, cancellation: CancellationToken, answer_bytes_max: int) -> bytes:
        """The plan as an answer."""
        del cancellation
        return dump_bounded(engine.explain(self.request).to_json(), answer_bytes_max)


@dataclass(frozen=True, slots=True)
class CheckTask:
    """Find what is wrong with a text. `modules` are texts by path."""

    text: str
    modules: Mapping[str, str]

    def run(self, engine: Engine, cancellation: CancellationToken, answer_bytes_max: int) -> bytes:
        """A list of diagnostics."""
        del cancellation
        return dump_bounded(engine.check(self.text, self.modules), answer_bytes_max)
