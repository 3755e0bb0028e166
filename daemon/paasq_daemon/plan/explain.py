"""The explanation of a plan: its operators with estimated rows, and after execution their rows and times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.operator import Operator, estimate_pipeline
from paasq_daemon.plan.planner import PhysicalPlan
from paasq_dsl.bound import Subquery
from paasq_dsl.bound.traversal import find_all


@dataclass(frozen=True, slots=True)
class OperatorMetrics:
    """Rows and wall time of one operator."""

    rows: int
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class PlanMetrics:
    """Metrics of a plan's operators in their order, and of its subqueries."""

    operators: list[OperatorMetrics] = field(default_factory=list)
    init_plans: dict[Subquery, OperatorMetrics] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One line of an explained plan; `rows` and `elapsed_ms` are None where it was not executed. `nested` lines
    describe a pipeline inside an operator and have no numbers of their own.
    """

    operator: str
    estimated_rows: int
    rows: int | None
    elapsed_ms: float | None
    nested: bool = False


def plan_lines(plan: PhysicalPlan, estimator: CardinalityEstimator, measured: PlanMetrics | None) -> list[PlanLine]:
    """Operators in the order of execution; nested pipelines and subqueries indented below their operator."""
    for init_plan in plan.init_plans:
        estimator.subquery_rows[init_plan.subquery] = round(estimate_pipeline(init_plan.operators, estimator)[-1])
    lines: list[PlanLine] = []
    estimates = map(round, estimate_pipeline(plan.operators, estimator))
    for i, (operator, estimate) in enumerate(zip(plan.operators, estimates, strict=True)):
        done = measured.operators[i] if measured is not None and i < len(measured.operators) else None
        lines.append(_line(operator.describe(), estimate, done))
        for name, inside in operator.inner_pipelines:
            lines.append(PlanLine(f"  {name}: {_described(inside)}", estimate, None, None, nested=True))
        lines += _subquery_lines(plan, operator, estimator, measured, "  ")
    return lines


def _subquery_lines(
    plan: PhysicalPlan, part: object, estimator: CardinalityEstimator, measured: PlanMetrics | None, indent: str
) -> Iterator[PlanLine]:
    """The pipelines in brackets that an operator asks, each with those that it asks itself below it."""
    operators = {init_plan.subquery: init_plan.operators for init_plan in plan.init_plans}
    for value in dict.fromkeys(find_all(part, Subquery)):
        done = measured.init_plans.get(value) if measured is not None else None
        text = f"{indent}from {value.source}: {_described(operators[value])}"
        yield _line(text, round(estimator.subquery_rows[value]), done)
        yield from _subquery_lines(plan, operators[value], estimator, measured, f"{indent}  ")


def _described(operators: Sequence[Operator]) -> str:
    return " | ".join(operator.describe() for operator in operators)


def _line(text: str, estimate: int, done: OperatorMetrics | None) -> PlanLine:
    return PlanLine(text, estimate, *(None, None) if done is None else (done.rows, round(done.elapsed_ms, 3)))


def plan_text(key: str, *, hit: bool, lines: Sequence[PlanLine], analyzed: bool) -> str:
    """The explanation as text: cache key, hit or miss, then one line an operator; measured numbers only where `analyzed`."""
    head = [f"key     {key}", f"cache   {'hit' if hit else 'miss'}", ""]
    width = max(len(line.operator) for line in lines)
    for line in lines:
        text = f"{line.operator:<{width}}"
        if not line.nested:
            text += f"  ~{line.estimated_rows} rows"
        if analyzed and line.rows is not None:
            text += f", {line.rows} rows in {line.elapsed_ms} ms"
        head.append(text.rstrip())
    return "\n".join(head)
