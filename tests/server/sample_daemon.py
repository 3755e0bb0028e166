"""A daemon on a real store: the samples of an assistant, with a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paasq_daemon.instance import Instance
from paasq_daemon.server.limits import Limits
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder
from server.conftest import listening

SAMPLES = Path(__file__).parents[2] / "samples" / "assistant"


def opened(folder: Path) -> Instance:
    return Instance.open(folder, embedder=SmallEmbedder(), sync=False)


def fill(folder: Path) -> None:
    """The store that the examples of methods are about. Its snapshot is older than its data, which is to be archived."""
    instance = opened(folder)
    instance.engine.query(Request((SAMPLES / "schema.paasq").read_text("utf-8")))
    instance.snapshots.create("monday")
    instance.engine.query(Request((SAMPLES / "data.paasq").read_text("utf-8")))
    instance.close()


@contextmanager
def serving(folder: Path, socket: Path, granted: Right = Right.ADMIN) -> Iterator[Instance]:
    """The store in `folder`, served at `socket`."""
    instance = opened(folder)
    try:
        with listening(instance, socket, Limits(grace_s=0.5), workers=2, granted=granted):
            yield instance
    finally:
        instance.close()
