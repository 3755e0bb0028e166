"""Frames out of bytes, however the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasq_daemon.wire import errors
from paasq_daemon.wire.errors import LimitExceeded, ProtocolError, QueryError
from paasq_daemon.wire.exact_json import JSON_DEPTH_MAX
from paasq_daemon.wire.framing import HEADER_BYTES_MAX, FrameDecoder, Framing, frame
from paasq_daemon.wire.json_rpc import RpcError, dump, error_from_json, error_to_json, parse

_BODIES = st.lists(st.binary(max_size=50).map(lambda data: b"{" + data.replace(b"\n", b" ") + b"}"), max_size=5)


@settings(max_examples=200, deadline=None)
@given(_BODIES, st.sampled_from(Framing), st.lists(st.integers(1, 40)))
def test_any_cut_gives_the_same_frames(bodies: list[bytes], framing: Framing, cuts: list[int]) -> None:
    stream = b"".join(frame(body, framing) for body in bodies)
    decoder, at = FrameDecoder(), 0
    got: list[bytes] = []
    for size in [*cuts, len(stream)]:
        got += decoder.feed(stream[at : at + size])
        at += size
    got += decoder.end()
    assert got == bodies
    assert not decoder.begun


def test_frames_before_a_broken_one_are_given() -> None:
    frames = FrameDecoder().feed(frame(b"{}", Framing.HEADERS) + b"Host: x\r\n\r\n")
    assert next(frames) == b"{}"
    with pytest.raises(ProtocolError, match="neither Content-Length"):
        next(frames)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GET / HTTP/1.1\r\n", "0x47"),
        (b"{" + b" " * 200, "100 bytes at most"),
        (b"Content-Length: 101\r\n\r\n", "100 bytes at most"),
        (b"Content-Length: -1\r\n\r\n", "whole number"),
        (b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "one Content-Length"),
        (b"C" * (HEADER_BYTES_MAX + 1), "header may have"),
    ],
)
def test_lost_framing(data: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        list(FrameDecoder(frame_bytes_max=100).feed(data))


def test_a_stream_that_ends_inside_a_frame() -> None:
    decoder = FrameDecoder()
    assert list(decoder.feed(b"Content-Length: 5\r\n\r\n{}")) == []
    with pytest.raises(ProtocolError, match="inside a frame"):
        list(decoder.end())


def test_depth() -> None:
    assert parse(b"[" * JSON_DEPTH_MAX + b"]" * JSON_DEPTH_MAX)
    assert len(parse(b"[" + b"[]," * 500 + b"[]]")) == 501
    with pytest.raises(RpcError, match="deeper than 64"):
        parse(b'{"a":' * (JSON_DEPTH_MAX + 1) + b"1" + b"}" * (JSON_DEPTH_MAX + 1))


@pytest.mark.parametrize("value", [2**70, "\ud800", object()])
def test_what_json_cannot_hold(value: object) -> None:
    with pytest.raises(ProtocolError, match="cannot be sent"):
        dump({"x": value})


@pytest.mark.parametrize("kind", errors.BY_CODE.values(), ids=lambda kind: kind.__name__)
def test_errors_survive_the_wire(kind: type[errors.PaasqError]) -> None:
    sent = kind("what", [{"code": "x"}], "mend") if issubclass(kind, QueryError) else kind("what", "mend")
    back = error_from_json(error_to_json(sent))
    assert (type(back), back.message, back.hint, vars(back)) == (kind, "what", "mend", vars(sent))
    sent.progress = errors.ScriptProgress(2, 3, 17)
    assert vars(error_from_json(error_to_json(sent))) == vars(sent)


def test_codes_are_one_each() -> None:
    family = [errors.PaasqError]
    for kind in family:
        family += kind.__subclasses__()
    named = [kind for kind in family if kind.__module__ == errors.__name__]
    assert len(errors.BY_CODE) == len(named) == len({kind.code for kind in named})
    assert issubclass(LimitExceeded, ProtocolError)
