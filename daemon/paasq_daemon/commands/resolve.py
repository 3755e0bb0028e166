"""What a citation names: the record as it was at that version, or the text quoted, and whether it is still so.

A version is found by its key in the journal, in one walk for all citations of a statement: the bodies of the dead are kept
as long as the entry in which they died. A key that was deleted and put again begins at version 1 again, so a citation may
name several records; each is a row, the newest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.commands.runner import CommandRunner, CommandServices
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.kernels.errors import EvaluationError, shown
from paasq_daemon.kernels.evaluate import EvaluationContext, evaluate_scalar
from paasq_daemon.operators.result_limiter import limit_result
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record
from paasq_daemon.wire.answer import Answer, ColumnInfo
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.token_estimate import answer_measure
from paasq_daemon.wire.value_codecs import encode
from paasq_daemon.writes.apply import constant_context
from paasq_dsl.bound import BoundExpression, BoundResolveCitations
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.citations import Citation, CitationError, parse_citation
from paasq_dsl.types import STRING_KINDS
from paasq_dsl.values import Value

CITATIONS_MAX = 1_000
COLUMNS = (
    ("citation", "keyword"), ("state", "keyword"), ("quote", "text"), ("quote_current", "bool"), ("record", "text"),
    ("current_version", "int"), ("seq", "int"), ("time", "time"), ("problem", "text"),
)  # fmt: skip


def read_citations(bound: BoundExpression, values: EvaluationContext) -> list[Citation | MalformedCitation]:
    """Raises EvaluationError where the value is neither a text nor a list, and where the list is too long."""
    value = evaluate_scalar(bound, values)
    if not isinstance(value, str | list):
        raise EvaluationError("PQ0740", bound.span, found=shown(value))
    given = value if isinstance(value, list) else [value]
    if len(given) > CITATIONS_MAX:
        raise EvaluationError("PQ0799", bound.span, count=f"{len(given):,}", most=f"{CITATIONS_MAX:,}")
    return [_read(each) for each in given]


def resolve_citations(
    view: IndexView, citations: Sequence[Citation | MalformedCitation], inputs: ExecutionInputs
) -> Answer:
    """A row for each record that a citation names, in the order of the citations; one that says why where there is none."""
    known = view.catalog.collections
    read = [each for each in citations if isinstance(each, Citation)]
    wanted = {(known[c.collection].id, c.key) for c in read if c.collection in known}
    history = _history(view.store, wanted, inputs.cancellation)
    found = (row.values() for each in citations for row in _found(view, each, history))
    answer = Answer(tuple(ColumnInfo(*column) for column in COLUMNS), [], seq=view.seq)

    def label_sizes(_: int, reason: str | None) -> int:
        answer.complete, answer.reason = reason is None, reason
        return answer_measure(answer.columns).labels(answer) + inputs.reserved_characters

    limited = limit_result(found, inputs.budget, inputs.cancellation, answer.columns, label_sizes)
    answer.complete, answer.reason = limited.reason is None, limited.reason
    answer.rows, answer.cut = limited.rows, limited.cut
    return answer


@dataclass(frozen=True, slots=True)
class MalformedCitation:
    """What was given as a citation and is none. `text` is null where it is no text."""

    text: str | None
    problem: str


def _read(given: object) -> Citation | MalformedCitation:
    if not isinstance(given, str):
        return MalformedCitation(None, "a citation is text, such as cite writes")
    try:
        return parse_citation(given)
    except CitationError as error:
        return MalformedCitation(given, error.message)


@dataclass
class _Row:
    """`state` is current, changed, deleted, trimmed, unknown or malformed. `quote_current`: is the quote still in the text of the
    live record?"""

    citation: str | None
    state: str
    problem: str | None = None
    quote: str | None = None
    quote_current: bool | None = None
    record: str | None = None
    current_version: int | None = None
    seq: int | None = None
    time_us: int | None = None

    def values(self) -> list[Any]:
        return [
            self.citation, self.state, self.quote, self.quote_current, self.record, self.current_version, self.seq,
            self.time_us, self.problem,
        ]  # fmt: skip


_History = dict[tuple[int, str], list[int]]


def _history(store: ReadView, wanted: Iterable[tuple[int, str]], cancel: CancellationToken) -> _History:
    """Of each key the ordinals that are still kept, newest first."""
    found: dict[tuple[int, str], dict[int, None]] = {name: {} for name in wanted}
    if found:
        for entry in store.kept_journal():
            cancel.raise_if_cancelled()
            for change in entry.changes:
                ordinals = found.get((change.collection, change.key))
                if ordinals is not None:
                    if change.replaced_ordinal is not None:
                        ordinals[change.replaced_ordinal] = None
                    ordinals[change.ordinal] = None
    for (collection_id, key), ordinals in found.items():
        live = store.ordinal(collection_id, key)
        if live is not None:
            ordinals[live] = None
    return {name: sorted(ordinals, reverse=True) for name, ordinals in found.items()}


def _found(view: IndexView, citation: Citation | MalformedCitation, history: _History) -> Iterator[_Row]:
    if isinstance(citation, MalformedCitation):
        yield _Row(citation.text, "malformed", citation.problem)
        return
    name = str(citation)
    collection = view.catalog.collections.get(citation.collection)
    if collection is None:
        yield _Row(name, "unknown", f"there is no collection {citation.collection}")
        return
    store, address = view.store, (collection.id, citation.key)
    live = store.get(*address)
    current = None if live is None else live.version
    records = [store.record(collection.id, ordinal) for ordinal in history[address]]
    cited = [record for record in records if record.version == citation.version]
    for record in cited:
        state = "deleted" if live is None else "current" if record.ordinal == live.ordinal else "changed"
        row = _Row(name, state, current_version=current, seq=record.seq, time_us=record.time_us)
        _quote(row, view, collection, citation, record, live)
        yield row
    if not cited:
        state, problem = _missing(store.history_start(collection.id), citation, records)
        yield _Row(name, state, problem, current_version=current)


def _missing(history_start: int, citation: Citation, records: Sequence[Record]) -> tuple[str, str]:
    newest = max((record.version for record in records), default=0)
    if 0 < citation.version <= newest or (history_start > 1 and not records and citation.version):
        return "trimmed", f"history is kept from sequence number {history_start} on, and this is not in it"
    if not records:
        return "unknown", f"{citation.collection} never had a record {citation.key}"
    return "unknown", f"the newest version of this record is {newest}"


def _quote(
    row: _Row, view: IndexView, collection: Collection, citation: Citation, record: Record, live: Record | None
) -> None:
    if citation.field is None:
        row.record = orjson.dumps(_as_json(view.store, _when_written(view, collection, record), record)).decode()
        return
    field = _field(view, collection, citation.field, record)
    text = None if field is None else record.fields.get(field.id, field.default)
    if field is None or not isinstance(text, str):
        row.problem = _no_text(collection, citation.field)
        return
    start, end = citation.span or (0, len(text))
    if end > len(text):
        row.problem = f"its {citation.field} had {len(text):,} characters"
        return
    row.quote = text[start:end]
    present = None if live is None else _present_value(collection, field, live)
    row.quote_current = isinstance(present, str) and row.quote in present


def _no_text(collection: Collection, name: str) -> str:
    members = collection.fields_by_object.get(name, ())
    if text := next((f.name for f in members if f.type.kind in STRING_KINDS), None):
        return f"{name} was an object: name a text in it, such as {text}"
    return f"it had no text {name}"


def _as_json(store: ReadView, collection: Collection, record: Record) -> dict[str, Any]:
    document = record.to_document(collection, store.given_vectors(collection, record))
    return {name: encode(value, collection.record_types[name]) for name, value in document.items()}


def _when_written(view: IndexView, collection: Collection, record: Record) -> Collection:
    """The collection by the newest catalog that knows all fields of the record: a field that was retyped since has another id."""
    for version in range(view.catalog.version, 0, -1):
        catalog = view.store.past_catalog(version)
        then = None if catalog is None else catalog.collections_by_id.get(collection.id)
        if then is not None and record.fields.keys() <= {field.id for field in then.fields}:
            return then
    return collection


def _present_value(collection: Collection, field: Field, live: Record) -> Value:
    """Of the live record: of the same field, or of that of its name where it was retyped."""
    if field.id in live.fields:
        return live.fields[field.id]
    now = collection.fields_by_name.get(field.name, field)
    return live.fields.get(now.id, now.default)


def _field(view: IndexView, collection: Collection, name: str, record: Record) -> Field | None:
    """The field that was called so when the record was written: names may have changed since."""
    for version in range(view.catalog.version, 0, -1):
        catalog = view.store.past_catalog(version)
        then = None if catalog is None else catalog.collections_by_id.get(collection.id)
        field = None if then is None else then.fields_by_name.get(name)
        if field is not None and (field.id in record.fields or field.default is not None):
            return field
    return collection.fields_by_name.get(name)


def _resolve(_: CommandServices, command: BoundResolveCitations, inputs: ExecutionInputs) -> Answer:
    citations = read_citations(command.citations, constant_context(inputs.literals, inputs.parameters, inputs.now_us))
    assert inputs.view is not None
    return resolve_citations(inputs.view, citations, inputs)


RUNNERS: Mapping[type, CommandRunner] = {BoundResolveCitations: _resolve}
