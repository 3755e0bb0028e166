"""What clients send, method by method, and how they read the results: the same for threads and for asyncio."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from paasq_daemon.wire.answer import Answer, PutResult
from paasq_daemon.wire.catalog_codecs import decode_catalog, decode_record
from paasq_daemon.wire.database import label_list
from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.wire.paths import StrPath, absolute_address, absolute_path
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.wire.value_codecs import to_json_value
from paasq_dsl.catalog import Catalog
from paasq_dsl.syntax.statement_splitter import first_word, split_statements
from paasq_dsl.values import format_time

T = TypeVar("T")

_READING_METHODS = frozenset(
    {"explain", "check", "get", "values", "catalog", "status", "health", "snapshot.list", "snapshot.verify"}
)
# What the statements begin with that change nothing; an empty one does neither.
_READING_WORDS = frozenset({"", "from", "explain", "let", "param", "fn", "zone", "use", "show", "describe", "resolve"})


@dataclass(frozen=True, slots=True)
class MethodCall(Generic[T]):
    """A method by its name on the wire, its parameters in JSON, and what makes its result of that JSON. With `reads` nothing
    changes, so that it may be sent twice."""

    method: str
    params: Mapping[str, Any]
    read: Callable[[Any], T]
    reads: bool


def call_of(method: str, params: Mapping[str, Any], read: Callable[[Any], T]) -> MethodCall[T]:
    """The call of a method that always reads, or never."""
    return MethodCall(method, params, read, method in _READING_METHODS)


def query(request: Request) -> MethodCall[Answer]:
    """A text. It reads where the request or the first words of its statements say so."""
    budget, now = request.budget, None if request.now_us is None else format_time(request.now_us)
    limits = {"time_ms": budget.time_ms, "rows": budget.rows, "tokens": budget.tokens}
    params = {**_text(request), "budget": limits, "now": now, "after": request.after}
    return MethodCall("query", params, Answer.from_json, request.read_only or _reads(request.text))


def watch_params(request: Request) -> dict[str, Any]:
    """Those of the method `watch`. Raises InvalidValue where the request asks for what no watch has."""
    if request.budget != Budget():
        raise InvalidValue("a watch takes no budget", "bound its rows with take")
    if request.after is not None:
        raise InvalidValue("a watch takes no cursor beside its text", "write it there: watch from ... after $cursor")
    return _text(request)


def explain(text: str, params: Mapping[str, Any], zone: str) -> MethodCall[Answer]:
    """The plan of a text."""
    return call_of("explain", {"text": text, "params": to_json_value(params), "zone": zone}, Answer.from_json)


def check(text: str, modules: Mapping[str, str] | None) -> MethodCall[list[dict[str, Any]]]:
    """Diagnostics of a text."""
    return call_of("check", {"text": text, "modules": dict(modules or {})}, list)


def get(collection: str, key: str) -> MethodCall[dict[str, Any] | None]:
    """A record as Python values."""

    def read(message: Any) -> dict[str, Any] | None:
        return None if message is None else decode_record(message)

    return call_of("get", {"collection": collection, "key": key}, read)


def put(collection: str, records: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> MethodCall[PutResult]:
    """One record or several."""
    several = [records] if isinstance(records, Mapping) else list(records)
    params = {"collection": collection, "records": to_json_value(several)}
    return call_of("put", params, lambda done: PutResult(tuple(done["keys"]), done["seq"]))


def catalog() -> MethodCall[Catalog]:
    """The present catalog."""
    return call_of("catalog", {}, decode_catalog)


def values(collection: str, field: str, prefix: str, limit: int) -> MethodCall[list[tuple[str, int]]]:
    """Values with their counts."""
    params = {"collection": collection, "field": field, "prefix": prefix, "limit": limit}
    return call_of("values", params, lambda found: [(each["value"], each["count"]) for each in found])


def json_call(method: str, params: Mapping[str, Any] | None = None) -> MethodCall[dict[str, Any]]:
    """A method whose result is an object of JSON, as it is."""
    return call_of(method, params or {}, dict)


def schema_apply(
    text: str, renames: Mapping[str, str] | None, options: Mapping[str, Any]
) -> MethodCall[dict[str, Any]]:
    """A schema as text; `options` by their names on the wire."""
    return json_call("schema.apply", {"text": text, "renames": dict(renames or {}), **options})


def snapshot_create(
    name: str,
    to: StrPath | None,
    labels: Iterable[str],
    options: Mapping[str, bool],
    files: Mapping[str, StrPath | None],
) -> MethodCall[dict[str, Any]]:
    """A new snapshot; `files` are those of its keys, by their names on the wire."""
    params = {"name": name, "labels": label_list(labels), **options, **_place(to), **_files(files)}
    return json_call("snapshot.create", params)


def snapshot_list() -> MethodCall[list[dict[str, Any]]]:
    """All snapshots."""
    return call_of("snapshot.list", {}, list)


def snapshot_restore(name: str | None, into: StrPath, at: int | str | None, zone: str) -> MethodCall[dict[str, Any]]:
    """A snapshot, or a moment, into a new folder."""
    moment = None if at is None else str(at)
    return json_call("snapshot.restore", {"name": name, "into": str(Path(into).absolute()), "at": moment, "zone": zone})


def snapshot_archive(to: StrPath | None, files: Mapping[str, StrPath | None]) -> MethodCall[dict[str, Any]]:
    """The journal beside the snapshots; `files` as in `snapshot_create`."""
    return json_call("snapshot.archive", {**_place(to), **_files(files)})


def dump(into: StrPath, options: Mapping[str, bool]) -> MethodCall[dict[str, Any]]:
    """Everything into an archive."""
    return json_call("dump", {"into": str(Path(into).absolute()), **options})


def _reads(text: str) -> bool:
    return all(first_word(text[: span.end], span.start) in _READING_WORDS for span in split_statements(text))


def _text(request: Request) -> dict[str, Any]:
    return {
        "text": request.text,
        "params": to_json_value(request.params),
        "source_name": request.source_name,
        "read_only": request.read_only,
        "modules": dict(request.modules),
        "zone": request.zone,
    }


def _place(to: StrPath | None) -> dict[str, str | None]:
    return {"to": None if to is None else absolute_address(to)}


def _files(paths: Mapping[str, StrPath | None]) -> dict[str, str]:
    return {param: str(absolute_path(path)) for param, path in paths.items() if path is not None}
