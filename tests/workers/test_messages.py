"""What is sent between the daemon and a worker arrives as it was."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

from paasq_daemon.backends.embedded import EmbeddedBackend
from paasq_daemon.compiler import Compiler, PreparedTransaction
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.wire.errors import BY_CODE, CorruptRecord, DiskFull, PaasqError, QueryError, ScriptProgress
from paasq_daemon.workers.messages import LENGTH, Call, Failed, Message, decode, encode
from paasq_daemon.writes.catalog_retry import CatalogChanged
from paasq_daemon.writes.serializable_write import ChangedMeanwhile
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.source_text import Span
from paasq_dsl.types import INT, KEYWORD

BACKEND = EmbeddedBackend(None, None, None)  # type: ignore[arg-type]  # nothing is run
CATALOG = Catalog().with_collection(Collection(1, "note", (Field(1, "id", KEYWORD), Field(2, "n", INT)), "id"))


def _sent(message: Message) -> Message:
    return decode(encode(message, BACKEND)[LENGTH.size :], BACKEND)


def _errors() -> Iterator[Exception]:
    for kind in BY_CODE.values():
        if kind is QueryError:
            yield QueryError("what", [{"code": "PQ0001"}], "how")
        elif len(inspect.signature(kind).parameters) >= 2:
            yield kind("what", "how")
    yield CatalogChanged("what", "how")
    yield ChangedMeanwhile("what", "how")
    yield CorruptRecord("what", "how", (1, 2))
    yield DiskFull("what", "how", 4096)
    yield EvaluationError("PQ0741", Span(3, 5), name="to", candidates=("too",))


@pytest.mark.parametrize("error", list(_errors()), ids=lambda error: type(error).__name__)
def test_errors(error: Exception) -> None:
    if isinstance(error, PaasqError):
        error.progress = ScriptProgress(2, 3, 7)
    sent = _sent(Failed(error, is_last=False))
    assert isinstance(sent, Failed)
    assert type(sent.error) is type(error)
    assert (str(sent.error), sent.error.__dict__) == (str(error), error.__dict__)


@pytest.mark.parametrize(
    "text",
    [
        'put note {id: "a", n: 1}',
        "patch note where n in (from note | where n > 1 | select n) set n = n + 1",
        "put note from (from note | select id, n)",
        "dryrun delete note:a",
        "forget from note where n > 1",
        "alter collection note add field m: int = n * 2",
        "view some = from note | where n > 1",
        "describe note",
    ],
)
def test_statements(text: str) -> None:
    [step] = Compiler(BACKEND).compile(text, CATALOG, "test").compiled.statements
    sent = _sent(Call("run_statement", (step,)))
    assert isinstance(sent, Call)
    [arrived] = sent.arguments
    assert arrived == step
    if isinstance(arrived, PreparedTransaction):
        sources = [prepared.source for prepared in arrived.writes if prepared.source is not None]
        assert all(source.backend is BACKEND for source in sources)
