"""Methods about the connection and the protocol."""

from __future__ import annotations

from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.methods.description import DESCRIPTION, description
from paasq_daemon.server.methods.registry import loop_method
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.json_schema import BOOLEAN, described, object_of
from paasq_daemon.wire.param_readers import REQUEST_ID, Param


@loop_method("methods", right=Right.READ, result=DESCRIPTION, example={})
async def _methods(call: RpcCall) -> bytes:
    """The methods with their parameters, results and rights, for programs that make tools or clients of them."""
    return call.encode(description())


@loop_method("ping", right=Right.READ, result=object_of({}), example={})
async def _ping(call: RpcCall) -> bytes:
    """Answered at once, however much work waits: the daemon lives, and what was asked of it is under way."""
    return call.encode({})


@loop_method(
    "cancel",
    Param("id", REQUEST_ID, "the id of a request of this connection that has no answer yet"),
    right=Right.READ,
    result=object_of({"cancelled": described(BOOLEAN, "whether there was such a request")}),
    example={"id": 7},
)
async def _cancel(call: RpcCall) -> bytes:
    """Cancel a request of this connection; it is answered with the error PQ5003, unless it has just ended."""
    return call.encode({"cancelled": call.cancel(call.params["id"])})
