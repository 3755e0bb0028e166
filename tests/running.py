"""Cases that run texts: a store of their own, statement after statement, and what comes out as readable text.

Sections: `store` names a `.paasq` file beside the case that fills the store, `schema` is a text that does; the cases
behind it in the file have the same one. `params` is a JSON object, `zone` and `now` are those of the request, `query` is
one text; what it gives stands in `answer`, or in `error`. Cases share a store unless they write: then the section is
called `script`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from golden import Case, cases
from paasq_daemon.instance import Instance
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.errors import PaasqError, QueryError
from paasq_daemon.wire.request import Request
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.values import parse_time
from properties.worlds import SmallEmbedder


def cases_with_stores(folder: Path) -> list[tuple[Case, str]]:
    """The cases of a folder, each with the text that fills its store."""
    found: list[tuple[Case, str]] = []
    setup, path = "", None
    for case in cases(folder):
        if case.path != path:
            setup, path = "", case.path
        if "store" in case or "schema" in case:
            setup = case["schema"] if "schema" in case else (folder / f"{case['store']}.paasq").read_text("utf-8")
        found.append((case, setup))
    return found


class Stores:
    """Engines by the text that filled them, so that cases that only read share one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, Instance] = {}

    def of(self, case: Case, setup: str) -> Instance:
        """The store that the case asks; a fresh one where it writes."""
        name = f"{case}\n{setup}" if "script" in case else setup
        return self._open.get(name) or self._filled(name, setup)

    def close(self) -> None:
        for instance in self._open.values():
            instance.close()

    def _filled(self, name: str, setup: str) -> Instance:
        folder = self._folder / str(len(self._open))
        instance = self._open[name] = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
        if setup:
            instance.engine.query(Request(setup))
        return instance


@contextmanager
def stores(folder: Path) -> Iterator[Stores]:
    found = Stores(folder)
    try:
        yield found
    finally:
        found.close()


def outcome(instance: Instance, case: Case) -> tuple[str, str]:
    """The section that the outcome belongs into, and its text."""
    text = case["script"] if "script" in case else case["query"]
    params: dict[str, Any] = json.loads(case["params"]) if "params" in case else {}
    zone = case.sections.get("zone", DEFAULT_ZONE)
    now_us = parse_time(case["now"]) if "now" in case else None
    try:
        return "answer", rendered(instance.engine.query(Request(text, params, zone=zone, now_us=now_us)))
    except QueryError as error:
        return "error", "\n".join(f"{d['line']}:{d['column']} {d['code']} {d['message']}" for d in error.diagnostics)
    except PaasqError as error:
        return "error", f"{error.code} {error}"


def check(instance: Instance, case: Case) -> None:
    """Compare the outcome with the section of its kind; the other kind must be absent."""
    section, text = outcome(instance, case)
    case.check(section, text)
    case.check("error" if section == "answer" else "answer", "")


def rendered(answer: Answer) -> str:
    """Columns and rows in JSON, a line each; then what the answer says of itself. Floats are rounded to six digits."""
    shown = answer.to_json()
    lines = [" | ".join(f"{c['name']}: {c['type']}" for c in shown["columns"])]
    lines += [json.dumps([_rounded(v) for v in row.values()], ensure_ascii=False) for row in shown["rows"]]
    for name, counts in shown["facets"].items():
        values = ", ".join(f"{json.dumps(_rounded(c['value']), ensure_ascii=False)} {c['count']}" for c in counts)
        lines.append(f"facet {name}: {values}")
    lines.append(
        "complete" if answer.complete else f"not complete: {answer.reason}{', a cursor' if answer.cursor else ''}"
    )
    return "\n".join(lines)


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
