"""Laws of a bound of history, over writes of chance: trimming changes no present answer and none of a moment within the bound,
and a moment before it is refused."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import StoreError
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

DAY = 86_400_000_000
SCHEMA = """
collection note { key id: keyword  title: text(en)  n: int  v: vector(2)  e: vector(auto) from title };
collection link { key id: keyword  to: link<note> }
"""
ASKED = (
    "from {} | sort _key | select _key, _version, _seq, n, title, v",
    'from {} | match title "blue" | select _key | sort _key',
    "from {} | near v to [1, 0] exact=true | take 3 | select _key",
    'from {} | near e to "blue" | take 3 | select _key',
)
WORDS = ("blue", "red", "green", "sea", "hill")


@pytest.mark.parametrize("seed", range(6))
def test_trimming_changes_no_answer_within_the_bound(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    now_us = [1_800_000_000_000_000]
    monkeypatch.setattr("time.time_ns", lambda: now_us[0] * 1000)
    instance = Instance.open(tmp_path / "store", embedder=SmallEmbedder(), sync=False)
    try:
        _rows(instance, SCHEMA)
        first = instance.store.seq
        for _ in range(dice.randint(5, 20)):
            _write(instance, dice)
            now_us[0] += dice.choice((0, DAY // 3, DAY, 5 * DAY))
        with instance.store.read() as view:
            times = {seq: view.commit_time_us(seq) or 0 for seq in range(first, view.seq + 1)}
        before = {seq: _answers(instance, seq) for seq in times}
        present = _answers(instance, None)
        for days in sorted(dice.sample(range(100), 3), reverse=True):
            _rows(instance, f"alter store set history {days}d" if days else "alter store set history none")
            instance.retention.run(trust_clock=True)
            assert _answers(instance, None) == present
            for seq, answers in before.items():
                replaced_us = times.get(seq + 1, now_us[0])  # by the next transaction, where there is one
                if replaced_us >= now_us[0] - days * DAY:
                    assert _answers(instance, seq) == answers, (days, seq)
                else:
                    with pytest.raises(StoreError, match="history is kept from sequence number"):
                        _answers(instance, seq)
            assert instance.store.check() == []
    finally:
        instance.close()


def _write(instance: Instance, dice: random.Random) -> None:
    key, other = dice.choice("abcdef"), dice.choice("abcdef")
    match dice.randrange(5):
        case 0:
            _rows(instance, f'delete from note where _key == "{key}"')
        case 1:
            _rows(instance, f'put link {{id: "{key}", to: note:{other}}}')
        case 2:
            _rows(instance, f'delete from link where _key == "{key}"')
        case _:
            title = " ".join(dice.choices(WORDS, k=3))
            number = dice.randrange(100)
            v = [dice.random(), dice.random()]
            _rows(instance, f'put note {{id: "{key}", title: "{title}", n: {number}, v: {v}}}')


def _answers(instance: Instance, seq: int | None) -> list[list[list[Any]]]:
    moment = "" if seq is None else f" as of seq {seq}"
    return [_rows(instance, text.format("note" + moment)) for text in ASKED] + [
        _rows(instance, f"from link{moment} | sort _key | select _key, _version, to->title")
    ]


def _rows(instance: Instance, text: str) -> list[list[Any]]:
    return instance.engine.query(Request(text)).rows
