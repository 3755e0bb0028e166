"""What the registry says of each method is so: its example runs, its result has its schema, its right is what it may change."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from architecture.code import PACKAGE_FOLDERS, modules
from paasq_daemon.server.methods import METHODS
from paasq_daemon.server.methods.description import ERRORS_OF_ANY, description, errors_of
from paasq_daemon.server.methods.registry import Lane, Method
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import Cancelled, PaasqError, ReadOnly
from paasq_daemon.wire.json_rpc import INVALID_PARAMS, RpcError
from paasq_daemon.wire.method_calls import MethodCall
from paasq_daemon.wire.param_readers import params_schema, read_params
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.wire.result_schemas import ERROR
from server.conftest import Daemon
from server.json_schema_check import violations
from server.raw import Raw, request
from server.sample_daemon import fill, serving

ALL = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
TEXTS = [name for name, method in METHODS.items() if any(param.name == "read_only" for param in method.params)]
READING = frozenset({Right.READ, Right.STATEMENT})  # no example has a statement that writes
CHANGES_NOTHING_HERE = {"expire": "nothing of the samples is past its time"}
# Methods that the client has no function for, and why.
OF_A_DAEMON = frozenset({"activity", "metrics"})  # which not every database has: asked by Client.call
NOT_OF_THE_CLIENT = {
    "unwatch": "a watch has a connection of its own, and ends with it",
    "methods": "what is made from it calls by name: Client.call",
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "data"
    fill(folder)
    return folder


@pytest.fixture
def data(samples: Path) -> Iterator[Path]:
    """A copy of the samples' store; the path is short, as a socket's must be."""
    folder = Path(tempfile.mkdtemp(prefix="paasq"))
    shutil.copytree(samples, folder / "data")
    yield folder / "data"
    shutil.rmtree(folder)


@ALL
def test_the_example_has_a_result_of_its_schema(method: Method, data: Path) -> None:
    """And only a method with the right to write changes a file that is not derived from others; each runs in its lane."""
    assert list(violations(params_schema(method.params), method.example)) == []
    params = {**method.example, **({"into": str(data.parent / "restored")} if "into" in method.example else {})}
    with serving(data, data / "paasq.sock") as instance, Raw(data / "paasq.sock") as raw:
        before, threads = (lasting(data.parent), instance.store.seq), set(threading.enumerate())
        answer = raw.ask(request(method.name, **params))
        assert "result" in answer, answer
        assert list(violations(method.result, answer["result"])) == []
        assert answer["result"] or method.name == "ping", "an example shows something"
        unchanged = before == (lasting(data.parent), instance.store.seq)
        assert unchanged == (method.right in READING or method.name in CHANGES_NOTHING_HERE)
        if method.events:
            pushed = raw.receive()
            event = next(event for event in method.events if event.name == pushed["method"])
            assert list(violations(event.params, pushed["params"])) == []
        pools = {thread.name.split("_")[0] for thread in set(threading.enumerate()) - threads}
        assert {pool for pool in pools if pool in POOLS} == LANES[method.lane]


POOLS = frozenset({"paasq-query", "paasq-short", "paasq-long", "paasq-watching"})
LANES = {
    Lane.CONNECTION: set[str](),
    Lane.QUERY: {"paasq-query"},
    Lane.SHORT: {"paasq-short"},
    Lane.LONG: {"paasq-long"},
    Lane.WATCH: {"paasq-short", "paasq-watching"},
}


def lasting(folder: Path) -> dict[str, str]:
    """The digests of the data files, of the snapshots' files and of an archive below a folder."""
    others = (path for pattern in ("*/snapshots/**/*", "restored") for path in folder.glob(pattern))
    files = [*folder.rglob("data.mdb"), *(path for path in others if path.is_file())]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_daemon_that_only_reads_refuses_what_writes(data: Path) -> None:
    with serving(data, data / "paasq.sock", Right.READ), Client.connect(data / "paasq.sock") as client:
        for name, method in METHODS.items():
            if method.right in READING:
                client.call(name, method.example)
            else:
                with pytest.raises(ReadOnly, match=rf"^{name} writes, and this daemon only reads"):
                    client.call(name, method.example)


@pytest.mark.parametrize("param", ["to", "key_file", "passphrase_file", "sign"])
def test_only_an_admin_names_files_for_snapshots(data: Path, param: str) -> None:
    with serving(data, data / "paasq.sock", Right.WRITE), Client.connect(data / "paasq.sock") as client:
        with pytest.raises(PaasqError, match="only an admin may name"):
            client.call("snapshot.create", {"name": "tuesday", param: "/etc/hostname"})
        client.call("snapshot.create", {"name": "tuesday"})


@pytest.mark.parametrize("granted", [Right.READ, Right.ADMIN])
def test_a_text_writes_only_where_its_method_and_the_daemon_let_it(data: Path, granted: Right) -> None:
    text = "from note | take 1; delete from note where true"
    with serving(data, data / "paasq.sock", granted) as instance, Client.connect(data / "paasq.sock") as client:
        for name in TEXTS:
            before = instance.store.seq
            may = METHODS[name].right is Right.STATEMENT and granted is Right.ADMIN
            with nullcontext() if may else pytest.raises(PaasqError):
                client.call(name, {"text": text})
            assert (instance.store.seq > before) == may


VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, 3, 4, -1, 2**53, 2**53 + 1, 0.5, 1.0, "", "x", "2026-11-22", "x" * 300_000, [], [1], [{}],
    [{"id": 1}, {}], {}, {"a": "b"}, {"a": 1}, {"rows": 1}, {"rows": 0}, {"rows": None, "time_ms": 0.5}, {"tokens": True},
)  # fmt: skip


@ALL
def test_schemas_and_readers_accept_the_same(method: Method) -> None:
    for param in method.params:
        whole = params_schema([param])
        for value in VALUES:
            try:
                read_params([param], {param.name: value})
            except RpcError as error:
                if "is not a date" in error.message:  # the form of a time is no matter of the schema
                    continue
                accepted = False
            else:
                accepted = True
            given = {param.name: value}
            assert (not list(violations(whole, given))) == accepted, (method.name, given)


@ALL
def test_a_parameter_that_is_unknown_missing_or_of_no_type_is_named(method: Method) -> None:
    good = dict(method.example)
    cases = [({**good, "colour": 1}, "params.colour is not known")]
    for param in method.params:
        wrong = 0.5 if param.reader.schema["type"] == "array" else [1]
        cases.append(({**good, param.name: wrong}, f"params.{param.name} must be"))
        if param.required:
            cases.append(({**good, param.name: None}, f"params.{param.name} is missing"))
    for params, words in cases:
        with pytest.raises(RpcError, match=re.escape(words)) as refused:
            read_params(method.params, params)
        assert refused.value.rpc_code == INVALID_PARAMS


@pytest.fixture(scope="module")
def served(samples: Path) -> Iterator[Path]:
    """The socket of a daemon for requests that change nothing."""
    folder = Path(tempfile.mkdtemp(prefix="paasq"))
    shutil.copytree(samples, folder / "data")
    with serving(folder / "data", folder / "paasq.sock"):
        yield folder / "paasq.sock"
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("name", "params", "code"),
    [
        ("query", {"text": "from nothing"}, "PQ0001"),
        ("query", {"text": "from note", "zone": "Mars/North"}, "PQ5006"),
        ("query", {"text": "delete from note where true", "read_only": True}, "PQ5007"),
        ("query", {"text": "patch task:gift set done = true expect _version == 9"}, "PQ5001"),
        ("query", {"text": 'snapshot "monday"'}, "PQ7001"),
        ("query", {"text": "from note as of snapshot $s", "params": {"s": "tuesday"}}, "PQ7001"),
        ("explain", {"text": "from nothing"}, "PQ0001"),
        ("explain", {"text": "from note; delete from note where true"}, "PQ5007"),
        ("watch", {"text": "from note"}, "PQ5006"),
        ("get", {"collection": "nothing", "key": "x"}, "PQ5006"),
        ("put", {"collection": "nothing", "records": []}, "PQ5006"),
        ("put", {"collection": "note", "records": [{"id": "x", "_version": 7}]}, "PQ5001"),
        ("values", {"collection": "task", "field": "due"}, "PQ5006"),
        ("embed", {"collection": "nothing"}, "PQ5006"),
        ("snapshot.create", {"name": "monday"}, "PQ7001"),
        ("snapshot.create", {"name": "tuesday", "key_file": "key"}, "PQ7001"),
        ("snapshot.create", {"name": "tuesday", "passphrase_file": "/nowhere/words"}, "PQ7001"),
        ("snapshot.create", {"name": "tuesday", "sign": "/nowhere/sign"}, "PQ7001"),
        ("snapshot.verify", {"name": "tuesday"}, "PQ7001"),
        ("snapshot.restore", {"name": "monday", "into": "here"}, "PQ7001"),
        ("snapshot.delete", {"name": "tuesday"}, "PQ7001"),
    ],
)
def test_an_error_is_one_that_its_method_names(served: Path, name: str, params: dict[str, Any], code: str) -> None:
    with Raw(served) as raw:
        error = raw.ask(request(name, **params))["error"]
    assert error["data"]["code"] == code, error
    assert list(violations(ERROR, error)) == []
    declared: tuple[type[PaasqError], ...] = (*errors_of(METHODS[name]), *ERRORS_OF_ANY)
    assert code in {kind.code for kind in declared}


def test_the_description_is_what_the_daemon_gives(daemon: Daemon) -> None:
    with daemon.client() as client:
        given = client.call("methods", {})
    assert given == json.loads(json.dumps(description()))
    assert {method["name"] for method in given["methods"]} == set(METHODS)


def calls_of_the_client() -> Iterator[tuple[str, set[str]]]:
    """Each method that our own programs call, with the names of the parameters that the call writes out."""
    for tree in modules(*PACKAGE_FOLDERS).values():
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="call" | "_send" | "json_call")
                    | ast.Name(id="call_of" | "json_call" | "MethodCall"),
                    args=[ast.Constant(value=str(name)), *rest],
                ):
                    keys = rest[0].keys if rest and isinstance(rest[0], ast.Dict) else []
                    yield name, {str(key.value) for key in keys if isinstance(key, ast.Constant)}


def test_the_client_calls_what_there_is() -> None:
    called = list(calls_of_the_client())
    for name, params in called:
        assert name in METHODS
        assert params <= {param.name for param in METHODS[name].params}, name
    assert {name for name, _ in called} == set(METHODS) - set(NOT_OF_THE_CLIENT)


class Recorder(Client):
    """A client without a connection: what it would send is checked, and it is answered with nothing."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def _run(self, call: MethodCall[Any], cancel: CancellationToken | None = None) -> Any:
        del cancel
        self.sent.append((call.method, dict(call.params)))
        raise Cancelled("nothing is asked")


def test_what_the_client_sends_has_the_schema() -> None:
    client = Recorder()
    asked: list[Callable[[], Any]] = [
        lambda: client.request(
            Request("from x", {"a": 1}, Budget(5.0, 2, 3), now_us=0, modules={"m": "text"}, after="c")
        ),
        lambda: client.query("from x"),
        lambda: client.explain("from x", a=1),
        lambda: client.get("x", "y"),
        lambda: client.put("x", {"id": 1}),
        client.catalog,
        client.status,
        client.health,
        lambda: client.values("x", "y"),
        lambda: client.check("from x"),
        client.compact,
        client.embed,
        lambda: client.embed(seconds_max=1, collection="x", replace=True),
        client.expire,
        lambda: client.schema_apply("x", renames={"a.b": "c"}, whole=True),
        lambda: client.snapshot_create("x"),
        client.snapshot_list,
        lambda: client.snapshot_verify("x"),
        lambda: client.snapshot_delete("x"),
        lambda: client.snapshot_restore("x", Path("/y")),
        lambda: client.snapshot_restore(None, Path("/y"), at=3),
        client.snapshot_archive,
        lambda: client.snapshot_archive(to="/y", key_file=Path("/z")),
        lambda: client.dump(Path("/y"), history=True),
    ]
    for ask in asked:
        with pytest.raises(Cancelled):
            ask()
    for name, params in client.sent:
        assert list(violations(params_schema(METHODS[name].params), params)) == [], name
    assert {name for name, _ in client.sent} == set(METHODS) - set(NOT_OF_THE_CLIENT) - {
        "watch",
        "ping",
        "cancel",
    } - OF_A_DAEMON
