"""A plan as text: its key, its operators, what was expected of each and what it did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paasq_daemon.operators.fuse import Fuse
from paasq_daemon.operators.run import Operator
from paasq_daemon.operators.union import Union


@dataclass(frozen=True, slots=True)
class Measured:
    """What one operator did."""

    rows: int
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One line of an explained plan; the numbers are None where nothing was run."""

    operator: str
    estimated_rows: int
    rows: int | None
    elapsed_ms: float | None


def plan_lines(
    operators: Sequence[Operator], estimates: Sequence[int], measured: Sequence[Measured] | None
) -> list[PlanLine]:
    """In the order of the rows' way; pipelines inside an operator indented below it."""
    lines: list[PlanLine] = []
    for i, (operator, estimate) in enumerate(zip(operators, estimates, strict=True)):
        done = measured[i] if measured is not None and i < len(measured) else None
        rows, elapsed_ms = (None, None) if done is None else (done.rows, round(done.elapsed_ms, 3))
        lines.append(PlanLine(operator.describe(), estimate, rows, elapsed_ms))
        for name, inside in _inside(operator):
            parts = " | ".join(part.describe() for part in inside)
            lines.append(PlanLine(f"  {name}: {parts}", estimate, None, None))
    return lines


def _inside(operator: Operator) -> Iterator[tuple[str, Sequence[Operator]]]:
    """The pipelines that an operator runs, by name."""
    if isinstance(operator, Fuse):
        yield from ((branch.name, branch.operators) for branch in operator.branches)
    elif isinstance(operator, Union):
        yield from (("with", pipeline.operators) for pipeline in operator.pipelines)


def plan_text(key: str, *, hit: bool, lines: Sequence[PlanLine], analyzed: bool) -> str:
    head = [f"key     {key}", f"cache   {'hit' if hit else 'miss'}", ""]
    width = max(len(line.operator) for line in lines)
    for line in lines:
        text = f"{line.operator:<{width}}"
        if not line.operator.startswith("  "):
            text += f"  ~{line.estimated_rows} rows"
        if analyzed and line.rows is not None:
            text += f", {line.rows} rows in {line.elapsed_ms} ms"
        head.append(text.rstrip())
    return "\n".join(head)
