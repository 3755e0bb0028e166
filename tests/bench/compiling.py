"""What a text costs before it runs: compiled anew, and found in the plan cache with other literals in it."""

from __future__ import annotations

from dataclasses import dataclass

from bench.timing import Timing, measure
from paasq_daemon.compiler import Compiler
from paasq_daemon.instance import Instance

LENGTHS = (100, 400, 2_000, 40_000)  # characters


@dataclass(frozen=True)
class Compiling:
    length: int
    cold: Timing
    hit: Timing
    again: Timing


def compiling(instance: Instance, seconds: float) -> list[Compiling]:
    return [_compiling(instance, length, seconds) for length in LENGTHS]


def _compiling(instance: Instance, length: int, seconds: float) -> Compiling:
    catalog = instance.catalog.current()
    kept = Compiler(instance.engine.compiler.backend)

    def cold(number: int) -> None:
        Compiler(instance.engine.compiler.backend).compile(_text(length, number), catalog, "<bench>")

    def hit(number: int) -> None:
        found = kept.compile(_text(length, number), catalog, "<bench>")
        assert found.cache_hit or number == 0

    def again(_: int) -> None:
        kept.compile(_text(length, 0), catalog, "<bench>")

    return Compiling(length, measure(cold, seconds), measure(hit, seconds), measure(again, seconds))


def _text(length: int, number: int) -> str:
    """A query of about `length` characters, whose literals depend on `number`."""
    number += 1_000  # as many digits at each call
    text = f'from note | where share < {number} and topic == "t{number}"'
    end = " | sort created desc | take 10 | select id, title"
    while len(text) + len(end) < length - 40:
        text += f' | where created >= @2020-01-01 or share in [1, 2, {number}] and not (topic in ["work", "x{number}"])'
    return text + end
