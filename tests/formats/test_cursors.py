"""Cursors of pages and watches that another paasq gave are refused."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from formats.reading import KeptEmbedder
from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import QueryError
from paasq_daemon.wire.request import Request


@pytest.mark.parametrize(
    "change", [lambda held: [*held, 2], lambda held: ["0" * 18, *held[1:]], lambda held: held[:-1]]
)
def test_a_cursor_of_another_paasq_is_refused(upgraded: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    instance = Instance.open(upgraded, embedder=KeptEmbedder(), sync=False)
    cursor = instance.engine.query(Request("from reading | sort id | page 5")).cursor
    assert cursor is not None
    held = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    other = base64.urlsafe_b64encode(orjson.dumps(change(held))).decode().rstrip("=")
    with pytest.raises(QueryError, match="cursor"):
        instance.engine.query(Request("from reading | sort id | page 5 after $at", {"at": other}))
    watched = instance.watch(Request("watch from jot | select line"))
    watched.close()
    with pytest.raises(QueryError, match="cursor"):
        instance.watch(Request("watch from jot | select line after $at", {"at": other}))
    instance.close()
    shutil.rmtree(upgraded)
