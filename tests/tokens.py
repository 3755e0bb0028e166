"""What an answer costs, beside what it says that it costs."""

from __future__ import annotations

from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.json_rpc import dump
from paasq_daemon.wire.token_estimate import CHARACTERS_PER_TOKEN


def assert_tokens_counted(answer: Answer) -> None:
    """The estimate is within 15 % of a quarter of the characters that are sent."""
    sent = len(dump(answer.to_json()).decode()) / CHARACTERS_PER_TOKEN
    assert abs((answer.tokens or 0) - sent) <= 0.15 * sent, (answer.tokens, sent)
