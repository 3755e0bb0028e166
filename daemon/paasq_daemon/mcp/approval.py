"""The owner's consent to a write that loses something: asked through the client where it can show a form, else by a handle.

| client | how |
|---|---|
| 2026-07-28, shows forms | the call is answered with `input_required`; the client asks, and sends the call again with the reply |
| before it, shows forms | an elicitation while the call waits |
| shows none | the call is answered with the changes and a handle, used once: the same call with it does them |
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp_types import (
    CallToolRequestParams,
    ClientCapabilities,
    ElicitationCapability,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from paasq_daemon.wire.errors import InvalidValue

HANDLE_SECONDS = 600.0
HANDLES_MAX = 100  # that are not used yet: of more the oldest are given up
_REPLY = "confirm"
_FORM: Mapping[str, Any] = {
    "type": "object",
    "properties": {_REPLY: {"type": "boolean", "title": "Write these changes", "default": False}},
    "required": [_REPLY],
}


class Declined(Exception):  # as all errors here it says what happened
    """The owner said no, or closed the question: nothing is to be written."""


@dataclass
class Handles:
    """Handles that were given out, each for one subject and one use."""

    clock: Callable[[], float] = time.monotonic
    _subjects: dict[str, tuple[str, float]] = field(default_factory=dict)

    def give(self, subject: str) -> str:
        """A new handle for the subject."""
        while len(self._subjects) >= HANDLES_MAX:
            del self._subjects[next(iter(self._subjects))]
        handle = secrets.token_urlsafe(16)
        self._subjects[handle] = (subject, self.clock() + HANDLE_SECONDS)
        return handle

    def use(self, handle: str, subject: str) -> None:
        """Take the handle back. Raises InvalidValue where it is not one of this subject."""
        given, until = self._subjects.pop(handle, ("", 0.0))
        if not hmac.compare_digest(given, subject) or self.clock() > until:
            raise InvalidValue(
                "this handle is not of these changes, was used, or is too old",
                "call again without `confirm`: the changes may be others by now",
            )


@dataclass(frozen=True, slots=True)
class Approval:
    """How the owner is asked during one call."""

    context: ServerRequestContext[Any, Any]
    request: CallToolRequestParams
    handles: Handles

    async def ask(self, question: str, subject: str, handle: str | None) -> InputRequiredResult | str | None:
        """None where the owner agreed to `subject`, which names exactly what is to be written; else what the call is to be
        answered with: a result that asks, or a handle to call again with. Raises Declined, and InvalidValue for a wrong handle.
        """
        if handle is not None:
            self.handles.use(handle, subject)
            return None
        if not self._shows_forms:
            return self.handles.give(subject)
        if self.context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return self._by_retry(question, subject)
        _require_yes(await self.context.session.elicit_form(question, dict(_FORM), self.context.request_id))
        return None

    @property
    def _shows_forms(self) -> bool:
        declared: ClientCapabilities | None = self.context.session.client_capabilities
        elicitation: ElicitationCapability | None = declared.elicitation if declared is not None else None
        return elicitation is not None and (elicitation.form is not None or elicitation.url is None)

    def _by_retry(self, question: str, subject: str) -> InputRequiredResult | None:
        reply = (self.request.input_responses or {}).get(_REPLY)
        if reply is not None and self.request.request_state == subject:
            _require_yes(reply)
            return None
        form = ElicitRequestFormParams(message=question, requested_schema=dict(_FORM))
        return InputRequiredResult(input_requests={_REPLY: ElicitRequest(params=form)}, request_state=subject)


def _require_yes(reply: object) -> None:
    agreed = isinstance(reply, ElicitResult) and reply.action == "accept" and (reply.content or {}).get(_REPLY) is True
    if not agreed:
        raise Declined
