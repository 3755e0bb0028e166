"""Where a watch resumes: after a batch of events, or after a sequence number."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import orjson

from paasq_daemon.kernels.errors import EvaluationError
from paasq_dsl.source_text import Span
from paasq_dsl.values import is_time

CURSOR_CHARACTERS_MAX = 256


@dataclass(frozen=True, slots=True)
class ResumePosition:
    """A past result: at a sequence number and, where known, at `now_us` (microseconds since 1970, UTC)."""

    seq: int
    now_us: int | None = None


def encode_cursor(fingerprint: str, seq: int, now_us: int) -> str:
    """URL-safe base64 without padding, as `decode_cursor` reads it. `now_us` is in microseconds since 1970, UTC."""
    return base64.urlsafe_b64encode(orjson.dumps([fingerprint, seq, now_us])).decode().rstrip("=")


def decode_cursor(given: object, fingerprint: str, span: Span) -> ResumePosition | None:
    """The position in a cursor or a sequence number; None for null: from the beginning.

    Raises EvaluationError, at `span`, where `given` is neither, or is the cursor of another query.
    """
    if given is None:
        return None
    if isinstance(given, int) and not isinstance(given, bool):
        return ResumePosition(given)
    none = EvaluationError("PQ0732", span)
    if not isinstance(given, str) or len(given) > CURSOR_CHARACTERS_MAX:
        raise none
    try:
        made_by, seq, now_us = orjson.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise none from error
    if not (_is_int(seq) and _is_int(now_us) and is_time(now_us)):
        raise none
    if made_by != fingerprint:
        raise EvaluationError("PQ0733", span)
    return ResumePosition(seq, now_us)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
