"""The table: a line for each row, and below it what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from torture.row import Outcome

_FORM = "{group:<10} {what:<62} {count:>9} {violations:>10} {seconds:>9}  {remark}"
_SHOWN = 10  # problems of one row


def head() -> str:
    return _FORM.format(
        group="group", what="what was done", count="count", violations="violations", seconds="seconds", remark=""
    ).rstrip()


def line(outcome: Outcome) -> str:
    """A control shows in its remark how often something was lost, as it must be."""
    row = outcome.row
    if outcome.lacking:
        return _FORM.format(
            group=row.group, what=row.what, count="-", violations="-", seconds="-", remark=outcome.lacking
        )
    remarks = [] if outcome.whole else ["until its time was over"]
    if row.is_control:
        remarks = [f"control: {len(outcome.problems)} failed, as they must"]
    remarks += [f"{count:,} {what}" for what, count in outcome.unpromised.items()]
    return _FORM.format(
        group=row.group, what=row.what, count=f"{outcome.count:,}", violations=len(outcome.violations),
        seconds=f"{outcome.seconds:.1f}", remark="; ".join(remarks),
    ).rstrip()  # fmt: skip


def remark(lacking: str) -> str:
    return f"  (cannot run: {lacking})" if lacking else ""


def summary(outcomes: Sequence[Outcome], seed: int) -> int:
    """Print what went wrong and how to repeat it; the exit code."""
    broken = [outcome for outcome in outcomes if outcome.violations]
    for outcome in broken:
        print(f"\n{outcome.row.group}, {outcome.row.what}:")
        for problem in outcome.violations[:_SHOWN]:
            print(f"  {problem}")
        if len(outcome.violations) > _SHOWN:
            print(f"  and {len(outcome.violations) - _SHOWN:,} more")
        print(f"  again: python -m torture --seed {seed} --only '{outcome.row.what}'")
    ran = [outcome for outcome in outcomes if not outcome.lacking]
    trials, violations = sum(o.count for o in ran), sum(len(o.violations) for o in ran)
    print(
        f"\n{len(ran)} rows, {trials:,} trials, {violations} violations, {len(outcomes) - len(ran)} rows could not run"
    )
    return 1 if broken else 0
