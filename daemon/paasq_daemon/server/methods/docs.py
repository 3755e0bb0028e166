"""The manual's page of the protocol, from the registry: `python -m paasq_daemon.server.methods.docs > docs/protocol.md`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from paasq_daemon.server.limits import DEFAULT_LIMITS
from paasq_daemon.server.methods.call import LONG_THREADS, SHORT_THREADS
from paasq_daemon.server.methods.description import description
from paasq_daemon.wire.exact_json import JSON_DEPTH_MAX
from paasq_daemon.wire.framing import HEADER_BYTES_MAX
from paasq_daemon.wire.json_rpc import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PAASQ_ERROR,
    PARSE_ERROR,
)
from paasq_daemon.wire.json_schema import Schema
from paasq_daemon.wire.param_readers import COUNT_MAX

_HEAD = f"""# Protocol

<!-- Made from the registry by `python -m paasq_daemon.server.methods.docs`; a test holds it to that. The answers below the
requests are written by `UPDATE=1 pytest tests/docs`. -->

What a program sends to a daemon, and what it is answered with. [Agents](agents.md) says how such a program is well written;
in Python, `paasq.connect()` does all of this. The method [methods](#methods) gives this page as data.

The examples run on [samples/assistant](../samples/README.md), with a snapshot of it:

```sh
paasq run samples/assistant/schema.paasq
paasq run samples/assistant/data.paasq
paasq snapshot create monday
```

```sh
paasq serve &
```

## Frames

The daemon listens on `paasq.sock` in the data folder, a Unix socket for the user it runs as. A connection carries messages in
UTF-8, in one of two forms. Its first byte decides which, for both directions:

- **Lines**: a message is one line of JSON. The first byte is `{{`, `[` or white space.
- **Headers**: `Content-Length: <bytes>`, an empty line, then so many bytes of JSON, as language servers do. The first byte
  is `C` or `c`. A header has {HEADER_BYTES_MAX:,} bytes at most.

A message may have {DEFAULT_LIMITS.frame_bytes_max:,} bytes and {JSON_DEPTH_MAX} levels. It is whole within
{DEFAULT_LIMITS.frame_timeout_s:g} s. Where a frame is broken, the daemon says why and closes.

## Messages

Messages are JSON-RPC 2.0. A request has `"jsonrpc": "2.0"`, an `id`, text or a whole number, a `method` and `params`, an object
by name. What may be left out may also be null. Without `id` it is a notification: it is run, and not answered. Several requests
in a list are a batch: their answers come in one list.

Requests of one connection run side by side and are answered as they are ready, each with its `id`. An answer is read at one
sequence number, whatever is written meanwhile. Who hangs up cancels what is under way.

A connection may have {DEFAULT_LIMITS.in_flight_max} requests under way and {DEFAULT_LIMITS.watches_max} watches. Without
either, it is closed after {DEFAULT_LIMITS.idle_timeout_s / 60:g} minutes of silence.

Values are JSON as [Types](types.md) says: times and durations are text.

## Errors

An answer has a `result`, or an `error`, which is an [Error](#error). Its `code` is one of these:

| code | |
|---|---|
| {PARSE_ERROR} | the message is no JSON |
| {INVALID_REQUEST} | it is no request |
| {METHOD_NOT_FOUND} | there is no such method |
| {INVALID_PARAMS} | a parameter is missing, unknown or of the wrong type |
| {INTERNAL_ERROR} | the daemon failed; its log says where |
| {PAASQ_ERROR} | any other error: `data.code` says [which](errors.md) |

These may come from any request:
"""

_OTHER_ERRORS = "And these from some, which name them:"

_RIGHTS = """## Rights

A method's right says what it may change. *read*: nothing that lasts. *statement*: what the statements of the text change,
decided on all of them before the first one runs. *write*: what a text could change too. *admin*: snapshots are deleted, or
copied out. A daemon that was started by `paasq serve --read-only` grants *read*, and runs no statement that writes."""

_SUBJECTS = {
    "queries": "Texts", "watches": "Watches", "records": "Records", "store": "The store", "schemas": "Schemas",
    "snapshots": "Snapshots", "archives": "Archives", "connection": "The connection",
}  # fmt: skip

_LANES = {
    "connection": "in the connection itself, at once",
    "query": "in a worker process, one a core",
    "short": f"in one of {SHORT_THREADS} threads",
    "long": f"in one of {LONG_THREADS} threads for what takes long",
    "watch": "in one thread for all watches",
}

_OR_NULL = " or null"

# Their answers are long, or others at each run.
_WITHOUT_ANSWER = frozenset(
    {
        "catalog",
        "status",
        "health",
        "methods",
        "snapshot.create",
        "snapshot.list",
        "snapshot.verify",
        "snapshot.archive",
        "snapshot.delete",
    }
)
# Their examples are shown and not run.
_NOT_RUN = frozenset({"snapshot.restore", "dump", "compact"})


def protocol_page() -> str:
    """The text of `docs/protocol.md`: frames, messages, errors, rights, each method, and the shapes of results. The answers
    to the examples are empty blocks."""
    described = description()
    methods = described["methods"]
    others = {error["code"]: error for method in methods for error in method["errors"]}
    errors = f"{_error_list(described['errors'])}\n\n{_OTHER_ERRORS}\n\n{_error_list(others.values())}"
    parts = [f"{_HEAD}\n{errors}", _RIGHTS, "## Contents", _contents(methods)]
    for subject, title in _SUBJECTS.items():
        parts.append(f"## {title}")
        for method in methods:
            if method["subject"] == subject:
                parts += _entry(method)
    parts.append("## Shapes")
    parts += (f"### {title}\n\n{_members(shape)}" for title, shape in sorted(_shapes(methods).items()))
    return "\n\n".join(parts) + "\n"


def _contents(methods: list[dict[str, Any]]) -> str:
    lines = [
        f"- **{title}**: " + ", ".join(_link(m["name"]) for m in methods if m["subject"] == subject)
        for subject, title in _SUBJECTS.items()
    ]
    return "\n".join(lines)


def _link(name: str) -> str:
    return f"[{name}](#{name.replace('.', '')})"


def _entry(method: dict[str, Any]) -> Iterator[str]:
    yield f"### {method['name']}"
    yield method["doc"]
    yield f"Right: *{method['right']}*. It runs {_LANES[method['lane']]}."
    if method["params"]["properties"]:
        yield _params(method["params"])
    yield _result(method["result"])
    for event in method["events"]:
        yield f"Notification `{event['name']}`: {event['doc']}\n\n{_members(event['params'])}"
    if method["errors"]:
        yield f"Errors: {', '.join(map(_error_link, method['errors']))}."
    yield _example(method)


def _params(schema: Schema) -> str:
    rows = (
        (f"`{name}`", _words_of_member(name, schema), each["description"], _default(name, each, schema["required"]))
        for name, each in schema["properties"].items()
    )
    return _table(("parameter", "type", "", "where left out"), rows)


def _default(name: str, schema: Schema, required: list[str]) -> str:
    if name in required:
        return "an error"
    return f"`{json.dumps(schema['default'])}`" if "default" in schema else ""


def _result(schema: Schema) -> str:
    if schema.get("type") == "object" and "title" not in schema and schema.get("properties"):
        return f"Result: an object.\n\n{_members(schema)}"
    return f"Result: {_words(schema)}."


def _members(schema: Schema) -> str:
    rows = (
        (
            f"`{name}`" + ("" if name in schema["required"] else "?"),
            _words_of_member(name, schema),
            each.get("description", ""),
        )
        for name, each in schema["properties"].items()
    )
    return _table(("member", "type", ""), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(cells).rstrip() + " |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def _words_of_member(name: str, schema: Schema) -> str:
    """What may be left out may be null: that is said once, of all."""
    words = _words(schema["properties"][name])
    return words if name in schema["required"] else words.removesuffix(_OR_NULL)


def _words(schema: Schema) -> str:
    kinds = schema.get("type", "any JSON")
    kinds = list(kinds) if isinstance(kinds, list) else [kinds]
    if "enum" in schema:
        *most, last = (f"`{word}`" for word in schema["enum"])
        return f"{', '.join(most)} or {last}"
    return " or ".join(_kind(kind, schema) for kind in kinds)


def _kind(kind: str, schema: Schema) -> str:
    if "title" in schema and kind == "object":
        return f"[{schema['title']}](#{schema['title'].lower()})"
    match kind:
        case "string" if schema.get("format") == "date-time":
            return "time, as text"
        case "string":
            return f"text, {schema['maxLength']:,} characters at most" if "maxLength" in schema else "text"
        case "integer" if schema.get("maximum") == COUNT_MAX:
            return f"whole number from {schema['minimum']}"
        case "integer" if "minimum" in schema:
            return f"whole number from {schema['minimum']:,} to {schema['maximum']:,}"
        case "integer":
            return "whole number"
        case "number":
            return f"number above {schema['exclusiveMinimum']}" if "exclusiveMinimum" in schema else "number"
        case "boolean":
            return "true or false"
        case "array":
            return f"list of {_words(schema['items'])}"
        case "object":
            return _object_words(schema)
    return kind


def _object_words(schema: Schema) -> str:
    if schema.get("properties"):
        return "object: " + ", ".join(f"`{name}` {_words_of_member(name, schema)}" for name in schema["properties"])
    values = schema.get("additionalProperties")
    return f"object by name of {_words(values)}" if isinstance(values, dict) else "object"


def _error_list(errors: Iterable[dict[str, str]]) -> str:
    return "\n".join(f"- {_error_link(error)}: {error['doc']}" for error in errors)


def _error_link(error: dict[str, str]) -> str:
    return f"[{error['code']}](errors.md#{error['code'].lower()}) {error['name']}"


def _example(method: dict[str, Any]) -> str:
    name = method["name"]
    request = {"jsonrpc": "2.0", "id": 1, "method": name, "params": method["example"]}
    shown = f"```json {'not run' if name in _NOT_RUN else 'request'}\n{json.dumps(request)}\n```"
    return shown if name in _WITHOUT_ANSWER | _NOT_RUN else f"{shown}\n\n```json\n```"


def _shapes(methods: list[dict[str, Any]]) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for method in methods:
        for schema in (method["result"], *(event["params"] for event in method["events"])):
            _collect(schema, found)
    return found


def _collect(schema: Schema, found: dict[str, Schema]) -> None:
    if "title" in schema:
        found[schema["title"]] = schema
    for each in (*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")):
        if isinstance(each, dict):
            _collect(each, found)


if __name__ == "__main__":
    sys.stdout.write(protocol_page())
