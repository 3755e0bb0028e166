"""Broken texts, extreme texts and broken frames, thrown at a daemon: it answers each, and goes on answering."""

from __future__ import annotations

import json
import math
import random
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.notes import COUNT, fill
from daemon.process import Daemon
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import DaemonUnavailable, PaasqError
from paasq_daemon.wire.framing import FrameDecoder, Framing, frame
from paasq_daemon.wire.json_rpc import INTERNAL_ERROR, RpcError
from paasq_daemon.wire.request import Budget, Request
from server.raw import Raw, request

ROUNDS = 1000
ANSWER_S_MAX = 20.0
GROWTH_BYTES_MAX = 400 * 2**20
GOOD = 'from note | find "night train" | take 5 | select id'
_SAMPLES = Path(__file__).parents[2] / "samples"
_SPLICES = (
    "|", ";", "(", ")", "[", "]", "{", "}", '"', '"""', "'", "`", "//", "/*", "*/", "@", "$", "->", "..", "==", "=",
    ",", "\x00", "\ufeff", "\u202e", "\U0001f600", "\r\n", "9" * 30, "1e999", "@9999-12-31", "-", "not", "from",
    "where ", "null", "true", "_key", "count()", "fuse", "near", "match", "put note", "delete from", "by",
    "depth 1..", "\\",
)  # fmt: skip


@pytest.fixture
def notes(daemon: Daemon) -> Iterator[Daemon]:
    """A daemon with notes. Afterwards it answers at once, nothing is lost, and its log tells of no failure."""
    with daemon.client() as client:
        fill(client)
        before = client.query(GOOD).rows
        assert len(before) == 5
    memory_bytes = daemon.memory_bytes()
    yield daemon
    with daemon.client() as client:
        after = client.request(Request(GOOD, budget=Budget(time_ms=1000)))
        assert after.rows == before
        assert client.query("from note | summarize n = count()")[0].n == COUNT
    assert daemon.memory_bytes() - memory_bytes < GROWTH_BYTES_MAX
    assert not re.findall(r".*(?:request_failed|session_failed|Traceback|never retrieved).*", daemon.log)


def ask(client: Client, text: str, params: dict[str, Any] | None = None) -> Answer | PaasqError:
    """The answer, or the error: one of the two comes, and it is not that the daemon failed."""
    outcome: list[Answer | PaasqError] = []

    def run() -> None:
        try:
            outcome.append(client.query(text, **(params or {})))
        except PaasqError as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(ANSWER_S_MAX)
    assert outcome, f"no answer to {text[:200]!r}"
    failed = isinstance(outcome[0], RpcError) and outcome[0].rpc_code == INTERNAL_ERROR
    assert not failed, f"{outcome[0]} to {text[:200]!r}"
    assert not isinstance(outcome[0], DaemonUnavailable), f"{outcome[0]} to {text[:200]!r}"
    return outcome[0]


def test_broken_texts(notes: Daemon) -> None:
    rng = random.Random(20261122)
    texts = _sample_texts()
    refused = 0
    with notes.client() as client:
        for _ in range(ROUNDS):
            text = _broken(rng, rng.choice(texts))
            if not re.search(r"\b(put|patch|delete|collection|tx)\b", text):  # what is not lost is counted afterwards
                refused += isinstance(ask(client, text), PaasqError)
            else:
                client.check(text)
    assert refused > ROUNDS // 4


def _sample_texts() -> list[str]:
    scripts = [path.read_text() for path in sorted(_SAMPLES.glob("*/*.paasq"))]
    queries = [text.strip() for script in scripts for text in script.split(";") if "from " in text and len(text) < 2000]
    own = [
        'from note | where tags has "a" and n > 3 | sort at desc | take 5 | select id, title, why = snippet(body, 20)',
        "from note | fuse rrf k=60 (t: match title^2, body \"rent\", v: near meaning to 'soup' | take 10) | take 4",
        "from note | summarize n = count(), s = avg(x) by day = bucket(at, 1y) fill null",
        'from note | where _key == "n1" | follow next depth 1..3 | facet tags, done | page 5 | select id, next->title',
    ]
    return queries + own * 10


def _broken(rng: random.Random, text: str) -> str:
    for _ in range(rng.randrange(1, 5)):
        at, to = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
        match rng.randrange(6):
            case 0:
                text = text[:at] + rng.choice(_SPLICES) + text[at:]
            case 1:
                text = text[:at] + text[min(to, at + 9) :]
            case 2:
                text = text[: at or 1]
            case 3:
                text = text[:at] + text[at:to] * rng.randrange(2, 9) + text[to:]
            case 4:
                text = text[:at] + chr(rng.choice([rng.randrange(128), rng.randrange(0xD800), 0xFFFF])) + text[at + 1 :]
            case _:
                words = text.split(" ")
                rng.shuffle(words)
                text = " ".join(words)
        text = text[:20_000] or " "
    return text


EXTREMES: dict[str, str | tuple[str, dict[str, Any]]] = {
    "a text as long as may be": 'from note | where title == "' + "x" * 249_900 + '"',
    "a text too long": 'from note | where title == "' + "x" * 300_000 + '"',
    "open brackets": "from note | where " + "(" * 100_000,
    "60 brackets": "from note | where " + "(" * 60 + "n == 1" + ")" * 60,
    "500 brackets": "from note | where " + "(" * 500 + "n == 1" + ")" * 500,
    "500 nots": "from note | where " + "not " * 500 + "done",
    "500 minuses": "from note | where n == " + "-" * 500 + "1",
    "300 functions": "from note | select a = " + "abs(" * 300 + "n" + ")" * 300,
    "5,000 stages": "from note" + " | where n == 1" * 5000,
    "3,000 conditions": "from note | where " + " or ".join(f'contains(body, "{i}")' for i in range(3000)),
    "3,000 aggregates": "from note | summarize " + ", ".join(f"s{i} = avg(n)" for i in range(3000)),
    "take much": "from note | take 99999999999999",
    "take more than an int": "from note | take 99999999999999999999999",
    "page 0": "from note | page 0",
    "a page of much": "from note | page 99999999999999",
    "a cursor that is none": 'from note | page 5 after "garbage"',
    "a cursor from a parameter": ("from note | page 5 after $c", {"c": 7}),
    "256 prefixes": f'from note | match body "{" ".join(f"{chr(97 + i % 26)}*" for i in range(256))}"',
    "257 prefixes": f'from note | match body "{" ".join(f"{chr(97 + i % 26)}*" for i in range(257))}"',
    "256 fuzzy words": f'from note | match body "{" ".join(f"abcdefg{chr(97 + i % 26)}~2" for i in range(256))}"',
    "a phrase of 500": 'from note | match body "\\"' + "the " * 500 + '\\"~100"',
    "signs to match": 'from note | match body "+ - ~ ^ * \\\\ ((( ))) [a-z]* (a+)+$ .* ?"',
    "nothing to match": 'from note | match body ""',
    "50 branches": "from note | fuse rrf (" + ", ".join(f'b{i}: match body "soup"' for i in range(50)) + ") | take 5",
    "50 branches of vectors": "from note | fuse rrf ("
    + ", ".join(f'b{i}: near meaning to "soup {i}"' for i in range(50))
    + ") | take 5",
    "round in circles": 'from note | where _key == "n1" | follow next depth 1..100 | summarize n = count()',
    "deeper than may be": 'from note | where _key == "n1" | follow next depth 1..1000000000',
    "fifty arrows": "from note | select a = next" + "->next" * 50 + "->title",
    "fill of a millisecond": "from note | summarize n = count() by t = bucket(at, 1ms) fill 0",
    "a bucket of nothing": "from note | summarize n = count() by t = bucket(at, 0s)",
    "a bucket backwards": "from note | summarize n = count() by t = bucket(at, -1d)",
    "10,000 values": "from note | where n in [" + ",".join(map(str, range(10_000))) + "]",
    "10,000 values given": ("from note | where n in $list", {"list": list(range(10_000))}),
    "a sum beyond an int": "from note | summarize s = sum(n)",
    "a product beyond an int": "from note | select a = n * n",
    "division by 0": "from note | select a = n / 0, b = x / 0.0, c = n % 0",
    "beyond the end of time": "from note | select a = @9999-12-31 + 100y, b = @0001-01-01 - 9y, c = @9999-12-31 + 9d",
    "centuries of months": "from note | select a = at + 9999y, b = year(at + 8000y), c = bucket(at + 9000y, 1mo)",
    "days without end": "from note | select a = at + span * 100000000000",
    "a duration without end": "from note | take 1 | select a = 1y * 99999999999, b = -1h * 99999999, c = 1d * 9999999",
    "a duration beyond an int": "from note | select a = span * 1e300, b = span / 0",
    "a literal beyond time": "from note | select a = 99999999999999999999d",
    "digits": "from note | where n == " + "9" * 5000,
    "a float beyond floats": "from note | where x == 1e999",
    "round to much": "from note | select a = round(x, 99999), b = round(x, -99999)",
    "a long snippet": 'from note | match body "soup" | select a = snippet(body, 99999999999999)',
    "no snippet": 'from note | match body "soup" | select a = snippet(body, 0)',
    "concat of concat": "from note | extend b = body" + " | extend b = concat(b, b)" * 60,
    "replace in replace": "from note | extend b = body" + ' | extend b = replace(b, "a", b)' * 60,
    "join of join": "from note | extend b = body" + " | extend b = join([b, b], b)" * 60,
    "a vector too short": ("from note | near meaning to $v", {"v": [1.0, 2.0]}),
    "a vector of NaN": ("from note | near meaning to $v", {"v": [math.nan] * 384}),
    "a vector of nothing": ("from note | near meaning to $v", {"v": [0.0] * 384}),
    "a vector beyond float32": ("from note | near place to $v", {"v": [1e300, -1e300]}),
    "NaN": ("from note | where x > $x", {"x": math.nan}),
    "infinity": ("from note | where x > $x", {"x": math.inf}),
    "an object for a value": ("from note | where n == $n", {"n": {"a": {"b": 1}}}),
    "a list of all sorts": ("from note | where n in $n", {"n": [1, "a", None, [2], True]}),
    "lists in a list": ("from note | where n in [$n, $n]", {"n": [[1]]}),
    "a parameter too many": ("from note", {"n": 1}),
    "a parameter missing": "from note | where n == $n",
    "the largest int and one": ("from note | where n == $n", {"n": 2**63}),
    "a long text given": ("from note | near meaning to $t | take 1", {"t": "soup " * 200_000}),
    "a long match given": ("from note | match body $t", {"t": "soup " * 200_000}),
    "a zero byte": 'from note | where title == "\x00" or tags has "\x00"',
    "a key of 10,000": 'put note {id: "' + "k" * 10_000 + '"}',
    "an empty key": 'put note {id: ""}',
    "a patch beyond an int": "patch note:n9 set n = n * n",
    "a change that fails half-way": "tx { delete note:n1; patch note:nothere set n = 1; }",
    "a change of what is not there": 'delete from note where id == "nothere"',
    "an int beyond the wire": ("from note | where n == $n", {"n": 2**70}),
    "half a character": ("from note | where title == $t", {"t": "\ud800"}),
    "half a character in the text": 'from note | where title == "\udfff"',
}


def test_extreme_texts(notes: Daemon) -> None:
    with notes.client() as client:
        for name, what in EXTREMES.items():
            text, params = (what, {}) if isinstance(what, str) else what
            outcome = ask(client, text, params)
            assert "is not an answer of paasq" not in str(outcome), name
            assert not isinstance(outcome, PaasqError) or outcome.message, name


@pytest.mark.parametrize("framing", list(Framing))
def test_broken_frames(notes: Daemon, framing: Framing) -> None:
    rng = random.Random(20261123)
    wholes = [
        frame(json.dumps(request("query", text=GOOD)).encode(), framing),
        frame(json.dumps(request("get", collection="note", key="n1")).encode(), framing),
        frame(json.dumps([request("status", i) for i in range(3)]).encode(), framing),
    ]
    for round_ in range(ROUNDS // 2):
        data = bytearray(b"".join(rng.choices(wholes, k=rng.randrange(1, 4))))
        for _ in range(rng.randrange(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        if rng.random() < 0.3:
            del data[rng.randrange(len(data)) :]
        _throw(notes.socket, bytes(data))
        if round_ % 100 == 0:
            with Raw(notes.socket) as raw:
                assert len(raw.ask(request("query", text=GOOD), framing)["result"]["rows"]) == 5


def _throw(path: Path, data: bytes) -> None:
    """Every answer that comes is JSON-RPC, and then the connection ends."""
    with Raw(path) as raw:
        try:
            raw.send(data)
            raw.socket.shutdown(1)
            received = b"".join(iter(lambda: raw.socket.recv(65536), b""))
        except (BrokenPipeError, ConnectionResetError):
            return
    for body in FrameDecoder().feed(received):
        message = json.loads(body)
        for answer in message if isinstance(message, list) else [message]:
            assert ("result" in answer) != ("error" in answer)
