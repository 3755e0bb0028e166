"""Methods that take a text of the language."""

from __future__ import annotations

from paasq_daemon.server.limits import QUERY_TEXT_CHARS_MAX
from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.methods.registry import Lane, loop_method
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.errors import (
    BudgetExceeded,
    CapabilityMissing,
    ConflictError,
    InvalidValue,
    ModelMismatch,
    QueryError,
    ReadOnly,
    SnapshotError,
)
from paasq_daemon.wire.json_schema import list_of
from paasq_daemon.wire.param_readers import (
    ANY_OBJECT,
    ANY_TEXT,
    BUDGET,
    FLAG,
    TEXT_MAP,
    TIMESTAMP,
    Param,
    optional,
    text_up_to,
)
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.wire.result_schemas import ANSWER, DIAGNOSTIC
from paasq_daemon.workers.tasks import CheckTask, ExplainTask, QueryTask
from paasq_dsl.time_zones import DEFAULT_ZONE

_QUERY_TEXT = Param("text", text_up_to(QUERY_TEXT_CHARS_MAX), "a text of the language")
_MODULES = optional("modules", TEXT_MAP, "the texts that it uses, by path", {})
TEXT_PARAMS = (
    _QUERY_TEXT,
    optional("params", ANY_OBJECT, "values of its parameters, by name without the `$`", {}),
    optional("source_name", ANY_TEXT, "what diagnostics call the text", "<query>"),
    optional("read_only", FLAG, "refuse a text that writes, before any of it runs", default=False),
    _MODULES,
    optional("zone", ANY_TEXT, "the time zone of a text that names none", DEFAULT_ZONE),
)
_NOW = optional("now", TIMESTAMP, "what `@now` is; without an offset in UTC")
TEXT_ERRORS = (QueryError, InvalidValue, ReadOnly, ModelMismatch, CapabilityMissing, SnapshotError)


def text_request(call: RpcCall) -> Request:
    """The request for the text of a call. It reads only where that is asked for, and where the call may not write."""
    given = {name: call.params[name] for name in ("text", "params", "source_name", "modules", "zone")}
    return Request(
        **given,
        read_only=call.params["read_only"] or not call.may_write,
        now_us=call.params.get("now"),
        budget=call.params.get("budget") or Budget(),
        after=call.params.get("after"),
    )


@loop_method(
    "query",
    *TEXT_PARAMS,
    optional("budget", BUDGET, "what it may use"),
    _NOW,
    optional("after", ANY_TEXT, "the cursor of an answer of the same text: the rows behind it, as of the same state"),
    right=Right.STATEMENT,
    lane=Lane.QUERY,
    result=ANSWER,
    errors=(*TEXT_ERRORS, ConflictError, BudgetExceeded),
    example={"text": "from task | where owner == $me and not done | sort due | take 2", "params": {"me": "mira"}},
)
async def _query(call: RpcCall) -> bytes:
    """Run the statements of a text, one after another; the answer is the last one's. What each one writes is durable when
    it has ended."""
    return await call.run(QueryTask(text_request(call)))


@loop_method(
    "explain",
    *TEXT_PARAMS,
    _NOW,
    right=Right.READ,
    lane=Lane.QUERY,
    result=ANSWER,
    errors=TEXT_ERRORS,
    example={"text": 'from note | where tags has "home" | near to "rent" | take 3'},
)
async def _explain(call: RpcCall) -> bytes:
    """The plan of a text that is one query, as rows and in `plan`; the query is not run."""
    return await call.run(ExplainTask(text_request(call)))


@loop_method(
    "check",
    _QUERY_TEXT,
    _MODULES,
    right=Right.READ,
    lane=Lane.QUERY,
    result=list_of(DIAGNOSTIC),
    example={"text": "from taks | where due < @today"},
)
async def _check(call: RpcCall) -> bytes:
    """What is wrong with a text; nothing is run."""
    return await call.run(CheckTask(call.params["text"], call.params["modules"]))
