"""The manual's index of stages, from the registry: `python -m paasq_dsl.stages.docs > docs/stages.md`."""

from __future__ import annotations

import sys

from paasq_dsl.stages import STAGES
from paasq_dsl.stages.spec import StageSpec

_HEAD = """# Stages

<!-- Made from the registry by `python -m paasq_dsl.stages.docs`; a test holds it to that. -->

A query is a source, `from collection`, and stages separated by `|`. Each takes the rows of the one before it. Expressions in
them are made of fields, literals, parameters `$name`, operators and [functions](functions.md).

Each page says what columns come out, what becomes of order and null, how the stage runs, and what it is called in KQL,
ES|QL, PRQL and SQL."""


def stages_page() -> str:
    """The text of `docs/stages.md`: an index of all stages, each with its synopsis and first sentence."""
    return "\n\n".join([_HEAD, *map(_entry, STAGES)]) + "\n"


def _entry(verb: StageSpec) -> str:
    return f"- [{verb.keyword}](stages/{verb.keyword}.md) `{verb.synopsis}`  \n  {verb.doc.partition('. ')[0].rstrip('.')}."


if __name__ == "__main__":
    sys.stdout.write(stages_page())
